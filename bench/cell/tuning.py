"""Tries settings on the validation part of the budget; the method is then trained with the best of them."""

import dataclasses
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.contracts.data import Progress
from bench.errors import Diverged, InvalidData
from bench.schema import Cell, Choice, Training
from bench.suites.choices import TRAINING_KEYS

DISPLACES = {"epochs": "steps", "steps": "epochs"}
"""A training is so long in steps or in epochs: who sets one takes the other away."""


@dataclass(frozen=True)
class Tuned:
    """What came of the trials."""

    cell: Cell
    """With the settings that were best on validation, or its own."""
    trials: list[dict[str, Any]] | None
    """Settings, validation accuracy (null where the loss was not finite), seconds and share of the training."""
    edges: tuple[str, ...]
    """Keys whose best value lay at the edge of what was tried."""
    seconds: float


def tune(cell: Cell, validate: Callable[[Cell], float | None], progress: Progress) -> Tuned:
    """Run the cell's trials and return the cell with the best of them; of equals the first.

    `validate` trains a cell from its own start, with the cell's seed, and returns its accuracy on validation.
    Successive halving (Jamieson and Talwalkar, 2016) trains all for a part of the steps, then the better half for
    twice as many.
    """
    began = time.perf_counter()
    trials: list[dict[str, Any]] = []
    running: list[Mapping[str, Any]] = list(cell.trials)
    shares = _shares(len(running)) if cell.search == "halving" else [1.0]
    total = _fits(len(running), len(shares))
    best: Mapping[str, Any] = {}
    for share in shares:
        scored: list[tuple[float, Mapping[str, Any]]] = []
        for settings in running:
            progress("tuning", len(trials), total)
            started = time.perf_counter()
            accuracy = _score(validate, with_settings(cell, settings, share))
            seconds = round(time.perf_counter() - started, 4)
            trials.append({"settings": dict(settings), "val_accuracy": accuracy, "share": share, "seconds": seconds})
            # what diverged comes after whatever has an accuracy
            scored.append((-1.0 if accuracy is None else accuracy, settings))
        # stable: of equals the first stays first
        scored.sort(key=lambda found: -found[0])
        best = scored[0][1]
        running = [settings for _, settings in scored[: max(1, len(scored) // 2)]]
    return Tuned(with_settings(cell, best, 1.0), trials, _edges(best, cell.trials), time.perf_counter() - began)


def untuned(cell: Cell) -> Tuned:
    """Return the cell as it is."""
    return Tuned(cell, None, (), 0.0)


def _score(validate: Callable[[Cell], float | None], cell: Cell) -> float | None:
    try:
        accuracy = validate(cell)
    except Diverged:
        return None
    if accuracy is None:
        raise InvalidData(f"{cell.method.name}: has no validation accuracy to tune by; take it out of tune.space")
    return accuracy


def _shares(count: int) -> list[float]:
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
