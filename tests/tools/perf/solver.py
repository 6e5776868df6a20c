"""`solver_logistic`, `solver_ridge`: 200 probe fits, solved for all strengths at once or one by one."""

import contextlib
import functools
import statistics
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from bench.data.splits import split_budget
from bench.learning.solvers import Solution, Standardiser, logistic, ridge
from bench.machine.devices import cores
from bench.schema import Budget
from tests.tools.perf.measured import Claim, Line, Outcome
from tests.tools.perf.setting import Setting, take_turns

REACH = {"solver_logistic": 6.0, "solver_ridge": 60.0}
WITHIN = 0.1
"""Points of accuracy."""
CLASSES = 10
STRENGTHS = (1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 10.0)
"""l2 in units of the number of features."""
Array = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    train: int
    test: int
    width: int
    fractions: tuple[float, ...]
    seeds: int


WHOLE = Sizes(10_000, 2_000, 512, (0.01, 0.05, 0.1, 0.3, 1.0), 5)
QUICK = Sizes(1_000, 500, 64, (0.1, 1.0), 2)


@dataclass(frozen=True)
class Problem:
    """The features of one subset and of the held-out rows, as a network gives them."""

    features: Array
    labels: Labels
    held: Array
    truth: Labels


@dataclass(frozen=True)
class Fits:
    """All fits of one side: seconds and best accuracy over the strengths, for each subset."""

    seconds: list[float]
    accuracies: list[float]

    @property
    def total_s(self) -> float:
        """Seconds of all fits together."""
        return sum(self.seconds)


def measure(setting: Setting, row: str) -> Outcome:
    """Measure the row; both rows come of one run."""
    sizes = setting.sizes(WHOLE, QUICK)
    found = _fits(setting)
    rounds = found[_name(cores())]
    fits = len(sizes.fractions) * sizes.seeds * len(STRENGTHS)
    kind = row.removeprefix("solver_")
    exact = "scikit-learn's LogisticRegression" if kind == "logistic" else "scikit-learn's Ridge"
    speeds = [f"{threads}: {_speeds(kind, turns)}" for threads, turns in found.items()]
    line = Line(
        row,
        f"{fits} {kind} probe fits: {len(sizes.fractions)} subsets of {sizes.train} x {sizes.width} synthetic features "
        f"x {sizes.seeds} seeds x {len(STRENGTHS)} l2, all l2 of a subset at once, in process",
        "as many fits of scikit-learn's LogisticRegression(C=1/l2, max_iter=1000), one by one; all of them measured",
        REACH[row],
        [turn["logistic, usual"].total_s / turn[f"{kind}, harness"].total_s for turn in rounds],
        _claim(rounds[-1][f"{kind}, harness"], rounds[-1][f"{kind}, usual"], exact),
        "; ".join(speeds) + _beside(rounds[-1]) * (kind == "ridge"),
    )
    raw = {
        threads: [{side: asdict(fits) for side, fits in turn.items()} for turn in found[threads]] for threads in found
    }
    return Outcome([line], raw=raw)


@functools.cache
def _fits(setting: Setting) -> dict[str, list[dict[str, Fits]]]:
    """Return what each round gave, by the number of threads."""
    sizes = setting.sizes(WHOLE, QUICK)
    subsets = list(problems(sizes))
    for fit in SIDES.values():  # first calls load and allocate
        fit(subsets[0])

    def at(threads: int) -> dict[str, Fits]:
        with _threads(threads):
            return run_all(subsets)

    sides = {_name(count): functools.partial(at, count) for count in (cores(), 1)}
    return take_turns(setting, "solver", 2, sides, _told)


def _name(threads: int) -> str:
    return f"{threads} threads" if threads > 1 else "1 thread"


def _told(turn: dict[str, Fits]) -> str:
    return ", ".join(f"{side} {fits.total_s:.2f} s" for side, fits in turn.items())


def run_all(subsets: Sequence[Problem]) -> dict[str, Fits]:
    """Return the fits of all sides; each subset is fitted by all of them before the next, in turned order."""
    found = {side: Fits([], []) for side in SIDES}
    for place, problem in enumerate(subsets):
        for side in list(SIDES) if place % 2 == 0 else list(SIDES)[::-1]:
            began = time.perf_counter()
            scores = SIDES[side](problem)
            found[side].seconds.append(time.perf_counter() - began)
            found[side].accuracies.append(max(float((each.argmax(1) == problem.truth).mean()) for each in scores()))
    return found


def synthetic(sizes: Sizes) -> tuple[Array, Labels]:
    """Return features with a decaying spectrum, and labels of a noisy linear teacher; the last rows are held out."""
    generator = np.random.default_rng(0)
    count = sizes.train + sizes.test
    latent = generator.standard_normal((count, sizes.width)) / np.sqrt(np.arange(1, sizes.width + 1))
    rotation = np.linalg.qr(generator.standard_normal((sizes.width, sizes.width)))[0]
    logits = latent @ generator.standard_normal((sizes.width, CLASSES)) + generator.gumbel(size=(count, CLASSES))
    return (latent @ rotation + 1).astype(np.float32), logits.argmax(1)


def problems(sizes: Sizes) -> Iterator[Problem]:
    """Yield the subsets."""
    features, labels = synthetic(sizes)
    held, truth = features[sizes.train :], labels[sizes.train :]
    for fraction in sizes.fractions:
        for seed in range(sizes.seeds):
            index = split_budget(labels[: sizes.train], CLASSES, Budget("fraction", fraction), seed).all
            yield Problem(features[index], labels[index], held, truth)


Scores = Callable[[], list[npt.NDArray[Any]]]
"""Gives the scores of the held-out rows for each strength; not part of what is timed."""


def _harness(problem: Problem, solve: Callable[..., Sequence[Solution]]) -> Scores:
    features, held = torch.from_numpy(problem.features), torch.from_numpy(problem.held)
    standardise = Standardiser.of(features)
    strengths = [l2 * features.shape[1] for l2 in STRENGTHS]
    solutions = solve(standardise(features), torch.from_numpy(problem.labels), CLASSES, strengths)
    return lambda: [(standardise(held) @ each.weight.T + each.bias).numpy() for each in solutions]


def _usual(problem: Problem, make: Callable[[float], Any], targets: npt.NDArray[Any]) -> Scores:
    scaler = StandardScaler()
    features = scaler.fit_transform(problem.features)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        models = [make(l2 * features.shape[1]).fit(features, targets) for l2 in STRENGTHS]
    held = scaler.transform(problem.held)
    return lambda: [held @ np.atleast_2d(model.coef_).T + model.intercept_ for model in models]


SIDES: dict[str, Callable[[Problem], Scores]] = {
    "logistic, harness": lambda problem: _harness(problem, logistic),
    "logistic, usual": lambda problem: _usual(
        problem, lambda l2: LogisticRegression(C=1 / l2, max_iter=1000), problem.labels
    ),
    "ridge, harness": lambda problem: _harness(problem, ridge),
    "ridge, usual": lambda problem: _usual(
        problem, lambda l2: Ridge(alpha=l2), np.eye(CLASSES, dtype=np.float32)[problem.labels]
    ),
}


@contextlib.contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        with threadpool_limits(limits=count):
            yield
    finally:
        torch.set_num_threads(before)


def _claim(ours: Fits, theirs: Fits, exact: str) -> Claim:
    """Compare the best accuracy over the strengths with that of the solver of the same problem."""
    gaps = [100 * (mine - other) for mine, other in zip(ours.accuracies, theirs.accuracies, strict=True)]
    mean = statistics.mean(gaps)
    text = (
        f"best-l2 accuracy {100 * statistics.mean(ours.accuracies):.2f} %, {mean:+.3f} points from {exact} in the mean "
        f"over subsets, at most {max(gaps, key=abs):+.2f}"
    )
    return Claim(text, abs(mean) <= WITHIN)


def _beside(turn: dict[str, Fits]) -> str:
    """Say what least squares costs in accuracy."""
    least, best = (statistics.mean(turn[f"{kind}, harness"].accuracies) for kind in ("ridge", "logistic"))
    return f"; accuracy {100 * (least - best):+.2f} points from the logistic fits"


def _speeds(kind: str, turns: Sequence[dict[str, Fits]]) -> str:
    def ratio(usual: str) -> float:
        return statistics.median(turn[usual].total_s / turn[f"{kind}, harness"].total_s for turn in turns)

    against = {"LogisticRegression": "logistic, usual"} | ({"Ridge": "ridge, usual"} if kind == "ridge" else {})
    seconds = statistics.median(turn[f"{kind}, harness"].total_s for turn in turns)
    return f"{seconds:.2f} s, " + " and ".join(f"{ratio(side):.3g} x {name}" for name, side in against.items())
