"""Accuracy as a function of labels: where one method overtakes another, and how many labels a target takes. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
Side = Literal["always", "never", "crosses"]

DRAWS, CURVES = 2000, 400
"""Draws of a crossover, and curves fitted to draws."""
LARGEST_EXPONENT, GRID, ROUNDS = 2.0, 60, 4
LEAST_ERROR = 1e-3
"""Standard errors below it weigh no more: a few seeds may agree by luck."""


@dataclass(frozen=True)
class Point:
    """One label budget: a mean and its standard error, with the degrees of freedom that the error has."""

    labels: int
    mean: float
    error: float
    freedom: float


@dataclass(frozen=True)
class Crossover:
    """From how many labels on the first method is ahead of the second."""

    side: Side
    """`always` ahead, `never`, or it `crosses`."""
    labels: float | None
    """Where it crosses, between two budgets on the logarithmic axis."""
    low: float | None
    high: float | None
    """95 % interval of the labels; null on a side where it leaves the range of the budgets."""
    shares: tuple[float, float, float]
    """Of the draws: always, never, crosses."""


def crossovers(differences: Sequence[Point], seed: int = 0, confidence: float = 0.95) -> tuple[Crossover, Crossover]:
    """Return where the difference (first minus second) becomes positive for good, and where its opposite does.

    Intervals by a parametric bootstrap: each draw moves every budget's mean by a Student-t error of its own (Efron and
    Tibshirani, 1993).
    """
    points = sorted(differences, key=lambda point: point.labels)
    logs = np.log([point.labels for point in points])
    means = np.array([[point.mean for point in points]])
    generator = np.random.default_rng(seed)
    drawn = means + np.stack([point.error * generator.standard_t(point.freedom, DRAWS) for point in points], 1)
    return _told(logs, means, drawn, confidence), _told(logs, -means, -drawn, confidence)


def crossover(differences: Sequence[Point], seed: int = 0, confidence: float = 0.95) -> Crossover:
    """Return where the difference (first minus second) becomes positive for good, as `crossovers` does."""
    return crossovers(differences, seed, confidence)[0]


def _told(logs: Matrix, means: Matrix, draws: Matrix, confidence: float) -> Crossover:
    found, drawn = float(_crossings(logs, means)[0]), _crossings(logs, draws)
    always, never = float((drawn == -np.inf).mean()), float((drawn == np.inf).mean())
    low, high = _ends(drawn, confidence)
    return Crossover(
        "always" if found == -math.inf else "never" if found == math.inf else "crosses",
        _labels(found),
        _labels(low),
        _labels(high),
        (always, never, 1 - always - never),
    )


def _ends(drawn: Matrix, confidence: float) -> tuple[float, float]:
    tail = (1 - confidence) / 2
    low, high = (float(np.quantile(drawn, share, method="nearest")) for share in (tail, 1 - tail))
    return low, high


def _crossings(logs: Matrix, values: Matrix) -> Matrix:
    """Return for each row the logarithm of the labels after which all values are positive (D draws, P budgets) -> (D,).

    Minus infinity where they are from the first budget on, infinity where the last one is not.
    """
    count = values.shape[1]
    behind = values <= 0
    last = count - 1 - behind[:, ::-1].argmax(1)
    inside = np.minimum(last, count - 2)
    rows = np.arange(len(values))
    before, after = values[rows, inside], values[rows, inside + 1]
    rise = after - before
    share = np.divide(-before, rise, out=np.zeros_like(rise), where=rise > 0)
    found: Matrix = logs[inside] + share * (logs[inside + 1] - logs[inside])
    found[last == count - 1] = np.inf
    found[~behind.any(1)] = -np.inf
    return found


def _labels(log: float) -> float | None:
    return math.exp(log) if math.isfinite(log) else None


@dataclass(frozen=True)
class PowerLaw:
    """Accuracy `ceiling - scale * labels ** -exponent`, which never falls."""

    ceiling: float
    scale: float
    exponent: float

    def at(self, labels: float) -> float:
        """Return the accuracy at a number of labels."""
        return float(self.ceiling - self.scale * labels**-self.exponent)

    def needed(self, accuracy: float) -> float | None:
        """Return the labels that an accuracy takes; null where the curve never comes to it."""
        if accuracy >= self.ceiling or self.exponent <= 0:
            return None
        return float((self.scale / (self.ceiling - accuracy)) ** (1 / self.exponent))


def fit_power_law(labels: Sequence[float], accuracies: Sequence[float], errors: Sequence[float]) -> PowerLaw:
    """Fit a power law by weighted least squares (Cortes et al., 1993); three budgets or more.

    Accuracies in 0 to 1; `errors` are their standard errors.
    """
    return _fits(labels, np.asarray([accuracies], np.float64), errors)[0]


def _fits(labels: Sequence[float], seen: Matrix, errors: Sequence[float]) -> tuple[PowerLaw, ...]:
    """Fit a curve to each row of accuracies (D, P).

    With the exponent given, ceiling and scale are a linear problem; the exponent is searched for on a grid that closes
    in.
    """
    if len(labels) < 3:
        raise ValueError("a curve needs three label budgets or more")
    counts = np.asarray(labels, np.float64)
    weights = np.maximum(np.asarray(errors, np.float64), LEAST_ERROR) ** -2
    rows, step = np.arange(len(seen)), LARGEST_EXPONENT / GRID
    exponents = np.broadcast_to(np.linspace(step, LARGEST_EXPONENT, GRID), (len(seen), GRID))
    for _ in range(ROUNDS):
        ceiling, scale, cost = _linear_fits(counts, weights, seen, exponents)
        best = cost.argmin(1)
        chosen = exponents[rows, best]
        exponents = (chosen[:, None] + np.linspace(-step, step, 9)).clip(1e-3, LARGEST_EXPONENT)
        step /= 4
    return tuple(
        PowerLaw(float(top), float(size), float(power))
        for top, size, power in zip(ceiling[rows, best], scale[rows, best], chosen, strict=True)
    )


def _linear_fits(counts: Matrix, weights: Matrix, seen: Matrix, exponents: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Return ceilings up to 1, scales from 0 and weighted squares of the best curves with given exponents, each (D, E).

    The curve may start below zero accuracy where labels are few, so the scale has no upper end.
    """
    falls = counts ** -exponents[..., None]  # (D, E, P)
    total, of_seen = weights.sum(), (weights * seen).sum(1)[:, None]
    of_falls, squares = (weights * falls).sum(2), (weights * falls**2).sum(2)
    both = np.einsum("dep,dp->de", falls, weights * seen)
    spread = np.maximum(total * squares - of_falls**2, 1e-300)
    scale = np.maximum(0.0, (of_falls * of_seen - total * both) / spread)
    ceiling = (of_seen + scale * of_falls) / total
    scale = np.where(ceiling > 1, np.maximum(0.0, (of_falls - both) / squares), scale)
    ceiling = np.minimum(ceiling, 1.0)
    off = ceiling[..., None] - scale[..., None] * falls - seen[:, None]
    return ceiling, scale, (weights * off**2).sum(2)


@dataclass(frozen=True)
class LearningCurve:
    """A fitted curve of accuracy against labels, with how sure it is."""

    labels: tuple[int, ...]
    """The budgets that were measured, smallest first."""
    law: PowerLaw
    drawn: tuple[PowerLaw, ...]
    """Fitted to means that were moved by errors of their own (parametric bootstrap)."""
    held_out_error: float | None
    """How far the curve fitted without the largest budget is off there; null with three budgets."""


def learning_curve(points: Sequence[Point], seed: int = 0) -> LearningCurve:
    """Fit a curve to three budgets or more, and again to draws around them."""
    points = sorted(points, key=lambda point: point.labels)
    labels, errors = [float(point.labels) for point in points], [point.error for point in points]
    means = np.array([point.mean for point in points])
    generator = np.random.default_rng(seed)
    moved = means + np.stack([point.error * generator.standard_t(point.freedom, CURVES) for point in points], 1)
    held_out = None
    if len(points) > 3:
        without = fit_power_law(labels[:-1], means[:-1].tolist(), errors[:-1])
        held_out = abs(without.at(labels[-1]) - float(means[-1]))
    return LearningCurve(
        tuple(point.labels for point in points),
        fit_power_law(labels, means.tolist(), errors),
        _fits(labels, moved.clip(0, 1), errors),
        held_out,
    )


@dataclass(frozen=True)
class LabelsNeeded:
    """How many labels a target accuracy takes, by a fitted curve."""

    labels: float | None
    """Null where the curve never comes to it."""
    low: float | None
    high: float | None
    """95 % interval; null where it has no end."""
    extrapolated: bool
    """Whether the figure lies outside the budgets that were measured."""
    interval_extrapolated: bool
    """Whether an end of the interval does, or there is none."""
    held_out_error: float | None
    """How far the curve fitted without the largest budget is off there; null with three budgets."""


def needed(
    curve: LearningCurve, target: float, error: float = 0.0, freedom: float = 1e9, confidence: float = 0.95
) -> LabelsNeeded:
    """Return the labels that a target accuracy takes on a curve; the target may itself be a mean with an error."""
    found = curve.law.needed(target)
    moves = (
        np.random.default_rng(1).standard_t(freedom, len(curve.drawn)) * error if error else [0.0] * len(curve.drawn)
    )
    drawn = [law.needed(target + move) for law, move in zip(curve.drawn, moves, strict=True)]
    low, high = _ends(np.array([math.inf if each is None else each for each in drawn]), confidence)
    return LabelsNeeded(
        found,
        low if math.isfinite(low) else None,
        high if math.isfinite(high) else None,
        found is not None and not curve.labels[0] <= found <= curve.labels[-1],
        not curve.labels[0] <= low <= high <= curve.labels[-1],
        curve.held_out_error,
    )


def labels_needed(points: Sequence[Point], target: float, seed: int = 0, confidence: float = 0.95) -> LabelsNeeded:
    """Return the labels that a target accuracy takes, with a parametric-bootstrap interval."""
    return needed(learning_curve(points, seed), target, confidence=confidence)
