"""Accuracy as a function of labels: where one method overtakes another, and how many labels a target takes. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
Side = Literal["always", "never", "crosses"]

DRAWS, CURVES = 1000, 400
"""Draws of a crossover, and curves fitted to draws."""
LARGEST_EXPONENT, GRID, ROUNDS = 2.0, 60, 3
CLOSER = np.array([-0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75])
"""Where the exponent is looked for next, in steps of the grid."""
MOST_LOG_LABELS = 700.0
"""More labels than this logarithm says are as many: floats end there."""
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
    low, high = np.quantile(drawn, (tail, 1 - tail), method="nearest")
    return float(low), float(high)


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
        if self.scale == 0:
            return 0.0
        return math.exp(min(math.log(self.scale / (self.ceiling - accuracy)) / self.exponent, MOST_LOG_LABELS))


def fit_power_law(labels: Sequence[float], accuracies: Sequence[float], errors: Sequence[float]) -> PowerLaw:
    """Fit a power law by weighted least squares (Cortes et al., 1993); three budgets or more.

    Accuracies in 0 to 1; `errors` are their standard errors.
    """
    return PowerLaw(*_fits(labels, np.asarray([accuracies], np.float64), errors)[0].tolist())


def _fits(labels: Sequence[float], seen: Matrix, errors: Sequence[float]) -> Matrix:
    """Return ceiling, scale and exponent (D, 3) of the curve of each row of accuracies (D, P).

    With the exponent given, ceiling and scale are a linear problem; the exponent is searched for on a grid that closes
    in.
    """
    if len(labels) < 3:
        raise ValueError("a curve needs three label budgets or more")
    counts = np.asarray(labels, np.float64)
    weights = np.maximum(np.asarray(errors, np.float64), LEAST_ERROR) ** -2
    rows, step = np.arange(len(seen)), LARGEST_EXPONENT / GRID
    exponents = np.linspace(step, LARGEST_EXPONENT, GRID)[None]
    for _ in range(ROUNDS):
        ceiling, scale, cost = _linear_fits(counts, weights, seen, exponents)
        best = cost.argmin(1)
        chosen = np.broadcast_to(exponents, cost.shape)[rows, best]
        exponents = (chosen[:, None] + step * CLOSER).clip(1e-3, LARGEST_EXPONENT)
        step /= 4
    found: Matrix = np.column_stack([ceiling[rows, best], scale[rows, best], chosen])
    return found


def _linear_fits(counts: Matrix, weights: Matrix, seen: Matrix, exponents: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Return ceilings up to 1, scales from 0 and weighted squares of the best curves with given exponents, each (D, E).

    `exponents` are (D, E), or (1, E) where all rows have the same. The curve may start below zero accuracy where labels
    are few, so the scale has no upper end.
    """
    middle = float(seen.mean())  # what is squared below is small, so that little is lost
    low = seen - middle
    falls = counts ** -exponents[..., None]
    total, of_seen = weights.sum(), low @ weights[:, None]
    of_falls, squares = falls @ weights, np.square(falls) @ weights
    both = (falls @ (low * weights)[..., None])[..., 0]
    scale = np.maximum(0.0, (of_falls * of_seen - total * both) / np.maximum(total * squares - of_falls**2, 1e-300))
    ceiling = (of_seen + scale * of_falls) / total
    top = 1 - middle
    scale = np.where(ceiling > top, np.maximum(0.0, (top * of_falls - both) / squares), scale)
    ceiling = np.minimum(ceiling, top)
    cost = total * ceiling**2 + squares * scale**2 + 2 * (scale * both - ceiling * of_seen - ceiling * scale * of_falls)
    return ceiling + middle, scale, cost


@dataclass(frozen=True)
class LearningCurve:
    """A fitted curve of accuracy against labels, with how sure it is."""

    labels: tuple[int, ...]
    """The budgets that were measured, smallest first."""
    law: PowerLaw
    drawn: Matrix
    """Ceiling, scale and exponent (D, 3), fitted to means that were moved by errors of their own."""
    held_out_error: float | None
    """How far the curve fitted without the largest budget is off there; null with three budgets."""


def learning_curve(points: Sequence[Point], seed: int = 0) -> LearningCurve:
    """Fit a curve to three budgets or more, and again to draws around them (parametric bootstrap)."""
    points = sorted(points, key=lambda point: point.labels)
    labels, errors = [float(point.labels) for point in points], [point.error for point in points]
    means = np.array([point.mean for point in points])
    generator = np.random.default_rng(seed)
    moved = means + np.stack([point.error * generator.standard_t(point.freedom, CURVES) for point in points], 1)
    held_out = None
    if len(points) > 3:
        without = fit_power_law(labels[:-1], means[:-1].tolist(), errors[:-1])
        held_out = abs(without.at(labels[-1]) - float(means[-1]))
    fitted = _fits(labels, np.concatenate([means[None], moved.clip(0, 1)]), errors)
    law = PowerLaw(*fitted[0].tolist())
    return LearningCurve(tuple(point.labels for point in points), law, fitted[1:], held_out)


@dataclass(frozen=True)
class LabelsNeeded:
    """How many labels a target accuracy takes, by a fitted curve."""

    labels: float | None
    """Null where the curve never comes to it."""
    low: float | None
    high: float | None
    """95 % interval; null where it has no end."""
    extrapolated: bool
    """Whether the figure lies outside the budgets that were measured; that the curve never comes to it does."""
    interval_extrapolated: bool
    """Whether an end of the interval does, or there is none."""
    held_out_error: float | None
    """How far the curve fitted without the largest budget is off there; null with three budgets."""


def needed(
    curve: LearningCurve, target: float, error: float = 0.0, freedom: float = 1e9, confidence: float = 0.95
) -> LabelsNeeded:
    """Return the labels that a target accuracy takes on a curve; the target may itself be a mean with an error."""
    found = curve.law.needed(target)
    targets = target + error * np.random.default_rng(1).standard_t(freedom, len(curve.drawn))
    ceiling, scale, exponent = curve.drawn.T
    gap = ceiling - targets
    with np.errstate(divide="ignore", invalid="ignore"):  # a flat curve is there already, or never comes to it
        logs = np.minimum(np.log(scale / gap) / exponent, MOST_LOG_LABELS)
    low, high = _ends(np.where(gap > 0, np.exp(logs), np.inf), confidence)
    return LabelsNeeded(
        found,
        low if math.isfinite(low) else None,
        high if math.isfinite(high) else None,
        found is None or not curve.labels[0] <= found <= curve.labels[-1],
        not curve.labels[0] <= low <= high <= curve.labels[-1],
        curve.held_out_error,
    )


def labels_needed(points: Sequence[Point], target: float, seed: int = 0, confidence: float = 0.95) -> LabelsNeeded:
    """Return the labels that a target accuracy takes, with a parametric-bootstrap interval."""
    return needed(learning_curve(points, seed), target, confidence=confidence)
