"""Tries settings on the validation part of the budget; the method is then trained with the best of them."""

import dataclasses
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.contracts.data import Progress
from bench.contracts.training import Score
from bench.errors import Diverged, InvalidData
from bench.schema import Cell, Choice, Training
from bench.suites.choices import TRAINING_KEYS

DISPLACES = {"epochs": "steps", "steps": "epochs"}
"""A training is so long in steps or in epochs: who sets one takes the other away."""
TELLING = 2
"""Validation images that a setting must answer beyond a method's own, to take its place after short trials."""


@dataclass(frozen=True)
class Tuned:
    """What came of the trials."""

    cell: Cell
    """With the settings that were best on validation, or its own."""
    trials: list[dict[str, Any]] | None
    """Settings, validation accuracy and loss (null where the training diverged), seconds, share of the training."""
    edges: tuple[str, ...]
    """Keys whose best value lay at the edge of what was tried."""
    seconds: float


def tune(cell: Cell, validate: Callable[[Cell], Score | None], progress: Progress) -> Tuned:
    """Run the cell's trials and return the cell with the best of them; of equals the first.

    `validate` trains a cell from its own start, with the cell's seed, and returns what validation says of it.
    Successive halving (Jamieson and Talwalkar, 2016) trains all for a part of the steps, then the better half for
    twice as many.
    """
    began = time.perf_counter()
    trials: list[dict[str, Any]] = []
    running: list[Mapping[str, Any]] = list(cell.trials)
    shares = _shares(cell.search, len(running))
    total = _fits(len(running), len(shares))
    best: Mapping[str, Any] = {}
    for share in shares:
        scored: list[tuple[Score | None, Mapping[str, Any]]] = []
        for settings in running:
            progress("tuning", len(trials), total)
            started = time.perf_counter()
            score = _score(validate, with_settings(cell, settings, share))
            seconds = round(time.perf_counter() - started, 4)
            told = {"val_accuracy": score and score.accuracy, "val_loss": score and round(score.loss, 6)}
            trials.append({"settings": dict(settings), **told, "share": share, "seconds": seconds})
            scored.append((score, settings))
        ranked = told_apart(scored) if cell.search == "short" else sorted(scored, key=_rank)
        best = ranked[0][1]
        running = [settings for _, settings in ranked[: max(1, len(ranked) // 2)]]
    return Tuned(with_settings(cell, best, 1.0), trials, _edges(best, cell.trials), time.perf_counter() - began)


def _rank(found: tuple[Score | None, Mapping[str, Any]]) -> tuple[float, float]:
    """Sort by accuracy, then by loss; what diverged comes last. Sorting is stable: of equals the first stays first."""
    score = found[0]
    return (-score.accuracy, score.loss) if score else (1.0, 0.0)


def _by_loss(found: tuple[Score | None, Mapping[str, Any]]) -> float:
    return found[0].loss if found[0] else math.inf


def told_apart(
    scored: Sequence[tuple[Score | None, Mapping[str, Any]]],
) -> list[tuple[Score | None, Mapping[str, Any]]]:
    """Sort so that the first of all stays first unless another one is better beyond doubt.

    A short training flatters large steps, and forty images tell little: the other must answer two images more, and
    have the smaller loss. Of several such the one of the least loss is taken, which says more than its accuracy.
    """
    own, *others = scored
    if own[0] is None:
        return sorted(scored, key=_by_loss)
    better = [found for found in others if found[0] and _told_from(found[0], own[0])]
    return [*sorted(better, key=_by_loss), own]


def _told_from(other: Score, own: Score) -> bool:
    more = round((other.accuracy - own.accuracy) * own.images)
    return more >= TELLING and other.loss < own.loss


def untuned(cell: Cell) -> Tuned:
    """Return the cell with its settings for budgets too small to try any; as it is where it has none."""
    return Tuned(with_settings(cell, cell.few_labels, 1.0), None, (), 0.0)


def _score(validate: Callable[[Cell], Score | None], cell: Cell) -> Score | None:
    try:
        score = validate(cell)
    except Diverged:
        return None
    if score is None:
        raise InvalidData(f"{cell.method.name}: has no validation accuracy to tune by; take it out of tune.space")
    return score


def _shares(search: str | None, count: int) -> list[float]:
    """Return for which share of the training each round trains; what is left of each goes on to the next."""
    if search == "short":
        return [1 / count]
    if search != "halving":
        return [1.0]
    rungs = max(1, math.ceil(math.log2(count)))
    return [2.0 ** (rung - rungs + 1) for rung in range(rungs)]


def _fits(count: int, rungs: int) -> int:
    return sum(max(1, count // 2**rung) for rung in range(rungs))


def with_settings(cell: Cell, settings: Mapping[str, Any], share: float) -> Cell:
    """Return the cell with other settings, trained for a share of its steps; it is not tuned again."""
    recipe = {key: value for key, value in settings.items() if key in TRAINING_KEYS}
    displaced = {other: None for key, other in DISPLACES.items() if key in settings}
    training = _shortened(dataclasses.replace(cell.training, **{**recipe, **displaced}), share)
    own = {key: value for key, value in settings.items() if key not in TRAINING_KEYS}
    method = Choice(cell.method.name, {**cell.method.params, **own})
    return dataclasses.replace(cell, method=method, training=training, trials=(), search=None)


def _shortened(training: Training, share: float) -> Training:
    if share >= 1:
        return training
    steps = max(1, round(training.steps * share)) if training.steps else None
    epochs = training.epochs * share if training.epochs else None
    return dataclasses.replace(training, steps=steps, epochs=epochs)


def _edges(best: Mapping[str, Any], tried: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    def at_edge(key: str) -> bool:
        values = {settings[key] for settings in tried if isinstance(settings[key], (int, float))}
        # of two values each lies at an edge, which says nothing
        return len(values) > 2 and best[key] in (min(values), max(values))

    return tuple(key for key in best if at_edge(key))
