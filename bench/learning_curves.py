"""Accuracy as a function of labels: where one method overtakes another, and how many labels a target takes. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
Side = Literal["always", "never", "crosses"]

DRAWS = 2000
LARGEST_EXPONENT = 2.0


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


def crossover(differences: Sequence[Point], seed: int = 0, confidence: float = 0.95) -> Crossover:
    """Return where the difference (first minus second) becomes positive for good, with a parametric-bootstrap interval.

    Each draw moves every budget's mean by a Student-t error of its own (Efron and Tibshirani, 1993).
    """
    points = sorted(differences, key=lambda point: point.labels)
    logs = np.log([point.labels for point in points])
    generator = np.random.default_rng(seed)
    noise = np.stack([point.error * generator.standard_t(point.freedom, DRAWS) for point in points], 1)
    drawn = np.array([_crossing(logs, row) for row in noise + [point.mean for point in points]])
    always, never = float((drawn == -np.inf).mean()), float((drawn == np.inf).mean())
    found = _crossing(logs, np.array([point.mean for point in points]))
    tail = (1 - confidence) / 2
    low, high = (float(np.quantile(drawn, share, method="nearest")) for share in (tail, 1 - tail))
    return Crossover(
        "always" if found == -math.inf else "never" if found == math.inf else "crosses",
        _labels(found),
        _labels(low),
        _labels(high),
        (always, never, 1 - always - never),
    )


def _crossing(logs: Matrix, values: Matrix) -> float:
    """Return the logarithm of the labels after which all values are positive; minus or plus infinity at the ends."""
    behind = np.flatnonzero(values <= 0)
    if len(behind) == 0:
        return -math.inf
    last = int(behind[-1])
    if last == len(values) - 1:
        return math.inf
    share = -values[last] / (values[last + 1] - values[last])
    return float(logs[last] + share * (logs[last + 1] - logs[last]))


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

    from scipy import optimize

    if len(labels) < 3:
        raise ValueError("a curve needs three label budgets or more")
    counts, seen = np.asarray(labels, np.float64), np.asarray(accuracies, np.float64)
    weights = 1 / np.maximum(np.asarray(errors, np.float64), 1e-3)
    top = float(seen.max())

    def residuals(parameters: Matrix) -> Matrix:
        ceiling, log_scale, exponent = parameters
        found: Matrix = (ceiling - np.exp(log_scale) * counts**-exponent - seen) * weights
        return found

    # the curve may start below zero accuracy where labels are few, so the scale is free
    fits = [
        optimize.least_squares(  # type: ignore[operator]  # mypy takes scipy's module of this name for it
            residuals,
            [min(0.999, top + 0.02), math.log(max(1e-3, top - float(seen.min()) + 0.02)), exponent],
            bounds=([0.0, -20.0, 1e-3], [1.0, 20.0, LARGEST_EXPONENT]),
        )
        for exponent in (0.2, 0.5, 1.0)
    ]
    best = min(fits, key=lambda fit: fit.cost).x
    return PowerLaw(float(best[0]), math.exp(best[1]), float(best[2]))


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
    held_out_error: float | None
    """How far the curve fitted without the largest budget is off there; null with three budgets."""


def labels_needed(points: Sequence[Point], target: float, seed: int = 0, confidence: float = 0.95) -> LabelsNeeded:
    """Return the labels that a target accuracy takes, with a parametric-bootstrap interval."""
    points = sorted(points, key=lambda point: point.labels)
    labels = [float(point.labels) for point in points]
    errors = [point.error for point in points]
    means = np.array([point.mean for point in points])
    found = fit_power_law(labels, means.tolist(), errors).needed(target)
    generator = np.random.default_rng(seed)
    drawn = []
    for _ in range(DRAWS // 20):
        moved = means + [point.error * generator.standard_t(point.freedom) for point in points]
        drawn.append(fit_power_law(labels, moved.clip(0, 1).tolist(), errors).needed(target))
    values = np.array([math.inf if each is None else each for each in drawn])
    tail = (1 - confidence) / 2
    low, high = (float(np.quantile(values, share, method="nearest")) for share in (tail, 1 - tail))
    held_out = None
    if len(points) > 3:
        without = fit_power_law(labels[:-1], means[:-1].tolist(), errors[:-1])
        held_out = abs(without.at(labels[-1]) - float(means[-1]))
    return LabelsNeeded(
        found,
        low if math.isfinite(low) else None,
        high if math.isfinite(high) else None,
        found is not None and not labels[0] <= found <= labels[-1],
        held_out,
    )
