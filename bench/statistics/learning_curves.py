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
"""Draws from which a crossover's interval comes, and curves that are fitted to draws."""
LARGEST_EXPONENT, GRID, ROUNDS = 2.0, 60, 3
"""The exponent's upper end, the values that are tried at first, and how often they are tried closer together."""
CLOSER = np.array([-0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75])
"""Where the exponent is looked for next, in steps of the last grid around the best value so far."""
MOST_LOG_LABELS = 700.0
"""The largest logarithm of a number of labels: a float holds little more."""
LEAST_ERROR = 1e-3
"""The smallest standard error that counts in a fit: a few seeds may agree by luck."""


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
    """Where it crosses, interpolated between two budgets on the logarithmic axis; null where it doesn't."""
    low: float | None
    high: float | None
    """95 % interval of the labels; null on a side where it leaves the range of the budgets."""
    shares: tuple[float, float, float]
    """Shares of the draws in which it is always ahead, never ahead, or crosses."""


def crossovers(differences: Sequence[Point], seed: int = 0, confidence: float = 0.95) -> tuple[Crossover, Crossover]:
    """Return where the difference (first minus second) becomes positive for good, and where its opposite does.

    Intervals by a parametric bootstrap: each draw moves every budget's mean by a Student-t error of its own (Efron and
    Tibshirani, 1993).
    """
    points = sorted(differences, key=lambda point: point.labels)
    logs = np.log([point.labels for point in points])
    means = np.array([[point.mean for point in points]])
    drawn = _drawn(points, DRAWS, seed)
    return _told(logs, means, drawn, confidence), _told(logs, -means, -drawn, confidence)


def _drawn(points: Sequence[Point], draws: int, seed: int) -> Matrix:
    """Return means of the budgets (D draws, P budgets), each moved by a Student-t error of its own."""
    generator = np.random.default_rng(seed)
    errors = [point.error * generator.standard_t(point.freedom, draws) for point in points]
    moved: Matrix = np.array([point.mean for point in points]) + np.stack(errors, 1)
    return moved


def crossover(differences: Sequence[Point], seed: int = 0, confidence: float = 0.95) -> Crossover:
    """Return where the difference (first minus second) becomes positive for good, as `crossovers` does."""
    return crossovers(differences, seed, confidence)[0]


def _told(logs: Matrix, means: Matrix, draws: Matrix, confidence: float) -> Crossover:
    found, drawn = float(_crossings(logs, means)[0]), _crossings(logs, draws)
    # counted, and not what is left of 1: that may be a hair below 0
    shares = [float(each.mean()) for each in (drawn == -np.inf, drawn == np.inf, np.isfinite(drawn))]
    low, high = _ends(drawn, confidence)
    return Crossover(
        "always" if found == -math.inf else "never" if found == math.inf else "crosses",
        _labels(found),
        _labels(low),
        _labels(high),
        (shares[0], shares[1], shares[2]),
    )


def _ends(drawn: Matrix, confidence: float) -> tuple[float, float]:
    tail = (1 - confidence) / 2
    # one of the draws, since some are infinite and nothing lies between those and the others
    low, high = np.quantile(drawn, (tail, 1 - tail), method="nearest")
    return float(low), float(high)


def _crossings(logs: Matrix, values: Matrix) -> Matrix:
    """Return the logarithm of the labels after which all values of a row are positive: (D draws, P budgets) -> (D,).

    It is minus infinity where all of them are, infinity where the last one is not.
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
        """Return the labels that an accuracy takes; null where the curve never reaches it."""
        if accuracy >= self.ceiling or self.exponent <= 0:
            return None
        if self.scale == 0:
            return 0.0
        return math.exp(min(math.log(self.scale / (self.ceiling - accuracy)) / self.exponent, MOST_LOG_LABELS))


def fit_power_law(labels: Sequence[float], accuracies: Sequence[float], errors: Sequence[float]) -> PowerLaw:
    """Fit a power law to three label budgets or more by weighted least squares (Cortes et al., 1993).

    Accuracies are in 0 to 1; `errors` are their standard errors.
    """
    return PowerLaw(*_fits(labels, np.asarray([accuracies], np.float64), errors)[0].tolist())


def _fits(labels: Sequence[float], seen: Matrix, errors: Sequence[float]) -> Matrix:
    """Return ceiling, scale and exponent (D, 3) of the curve of each row of accuracies (D, P)."""
    if len(labels) < 3:
        raise ValueError("a curve needs three label budgets or more")
    counts = np.asarray(labels, np.float64)
    weights = np.maximum(np.asarray(errors, np.float64), LEAST_ERROR) ** -2
    # with the exponent given, ceiling and scale are a linear problem: only the exponent is searched for
    rows, step = np.arange(len(seen)), LARGEST_EXPONENT / GRID
    exponents = np.linspace(step, LARGEST_EXPONENT, GRID)[None]
    for _ in range(ROUNDS):
        ceiling, scale, cost = _linear_fits(counts, weights, seen, exponents)
        best = cost.argmin(1)
        chosen = np.broadcast_to(exponents, cost.shape)[rows, best]
        exponents = (chosen[:, None] + step * CLOSER).clip(1e-3, LARGEST_EXPONENT)
        step /= 4  # the distance between two values of `CLOSER`
    found: Matrix = np.column_stack([ceiling[rows, best], scale[rows, best], chosen])
    return found


def _linear_fits(counts: Matrix, weights: Matrix, seen: Matrix, exponents: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Return ceilings, scales and weighted squares of the best curves with given exponents, each (D, E).

    `exponents` are (D, E), or (1, E) where all rows have the same. Ceilings are at most 1, scales at least 0.
    """
    # the scale has no upper end: where labels are few the curve may start below zero accuracy
    middle = float(seen.mean())  # taken off, so that little is lost when what is left is squared
    low = seen - middle
    falls = counts ** -exponents[..., None]
    total, of_seen = weights.sum(), low @ weights[:, None]
    of_falls, squares = falls @ weights, np.square(falls) @ weights
    both = (falls @ (low * weights)[..., None])[..., 0]
    # 1e-300: all falls are alike where there is nothing to divide by
    scale = np.maximum(0.0, (of_falls * of_seen - total * both) / np.maximum(total * squares - of_falls**2, 1e-300))
    ceiling = (of_seen + scale * of_falls) / total
    top = 1 - middle
    scale = np.where(ceiling > top, np.maximum(0.0, (top * of_falls - both) / squares), scale)
    ceiling = np.minimum(ceiling, top)
    cost = total * ceiling**2 + squares * scale**2 + 2 * (scale * both - ceiling * of_seen - ceiling * scale * of_falls)
    return ceiling + middle, scale, cost


@dataclass(frozen=True)
class LearningCurve:
    """A fitted curve of accuracy against labels, and how sure it is."""

    labels: tuple[int, ...]
    """The budgets that were measured, smallest first."""
    law: PowerLaw
    drawn: Matrix
    """Ceiling, scale and exponent (D, 3), fitted to means that were moved by errors of their own."""
    held_out_error: float | None
    """How far off a curve fitted without the largest budget is at that budget; null with three budgets."""


def learning_curve(points: Sequence[Point], seed: int = 0) -> LearningCurve:
    """Fit a curve to three budgets or more, and again to draws around them (parametric bootstrap)."""
    points = sorted(points, key=lambda point: point.labels)
    labels, errors = [float(point.labels) for point in points], [point.error for point in points]
    means = np.array([[point.mean for point in points]])
    moved = _drawn(points, CURVES, seed).clip(0, 1)
    fitted = _fits(labels, np.concatenate([means, moved]), errors)
    law = PowerLaw(*fitted[0].tolist())
    return LearningCurve(tuple(point.labels for point in points), law, fitted[1:], _held_out_error(points))


def _held_out_error(points: Sequence[Point]) -> float | None:
    *others, largest = points
    if len(others) < 3:
        return None
    labels, means, errors = zip(*((float(each.labels), each.mean, each.error) for each in others), strict=True)
    return abs(fit_power_law(labels, means, errors).at(float(largest.labels)) - float(largest.mean))


@dataclass(frozen=True)
class LabelsNeeded:
    """How many labels a target accuracy takes, read off a fitted curve."""

    labels: float | None
    """Null where the curve never reaches the target."""
    low: float | None
    high: float | None
    """95 % interval; null where it has no end."""
    extrapolated: bool
    """Whether the figure lies outside the budgets that were measured; true too where the target is never reached."""
    interval_extrapolated: bool
    """Whether an end of the interval lies outside them, or is missing."""
    held_out_error: float | None
    """How far off a curve fitted without the largest budget is at that budget; null with three budgets."""


def needed(
    curve: LearningCurve, target: float, error: float = 0.0, freedom: float = 1e9, confidence: float = 0.95
) -> LabelsNeeded:
    """Return the labels that a target accuracy takes on a curve; the target may itself be a mean with an error."""
    found = curve.law.needed(target)
    # another seed than the curve's draws have by default: the target's error is independent of the curve's
    targets = target + error * np.random.default_rng(1).standard_t(freedom, len(curve.drawn))
    ceiling, scale, exponent = curve.drawn.T
    gap = ceiling - targets
    with np.errstate(divide="ignore", invalid="ignore"):  # a flat curve is there already, or never is
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
