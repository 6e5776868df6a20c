"""Is one model better than another on the same test images and the same seeds? Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.variance import mean_error, mean_squares

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """A mean difference of two models over seeds and test images, with its interval."""

    mean: float
    low: float
    high: float
    p: float | None
    """Two-sided, of no difference; null with a single seed, whose noise nobody knows."""
    seeds: int
    images: int
    error: float
    """Standard error of the mean."""
    freedom: float
    """Degrees of freedom of that error."""
    variances: tuple[float, float, float]
    """What seeds, images and the rest add to its square."""


def crossed(differences: Matrix, confidence: float = 0.95) -> Difference:
    """Return the mean of per-image differences (S seeds, N images) with an interval over both seeds and images.

    Every seed is tested on the same images, so that averages over either alone are not independent: the variance of
    the mean is that of a crossed random-effects table (`variance.mean_error`). With one seed the interval is over the
    images alone, and nothing is tested. Where seeds of several kinds varied apart each has an axis, images the last.
    """
    images = differences.shape[-1]
    seeds = differences.size // images
    if images < 2:
        raise ValueError("a comparison needs two test images or more")
    mean = float(differences.mean())
    if seeds == 1:
        spread = float(differences.var(ddof=1)) / images
        half = _quantile(images - 1, confidence) * math.sqrt(spread)
        return Difference(
            mean, mean - half, mean + half, None, 1, images, math.sqrt(spread), images - 1, (0.0, spread, 0.0)
        )
    found = mean_error(mean_squares(differences), differences.ndim - 1)
    half = _quantile(found.freedom, confidence) * found.error
    p = _two_sided(mean / found.error, found.freedom) if found.error else float(mean == 0)
    *of_seeds, of_images, rest = found.parts
    parts = (sum(of_seeds), of_images, rest)
    return Difference(mean, mean - half, mean + half, p, seeds, images, found.error, found.freedom, parts)


def _quantile(freedom: float, confidence: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + confidence / 2))


def _two_sided(statistic: float, freedom: float) -> float:
    from scipy.special import stdtr

    return float(2 * stdtr(freedom, -abs(statistic)))


def holm(values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number (Holm, 1979), in the order given."""
    adjusted = [0.0] * len(values)
    highest = 0.0
    for rank, position in enumerate(sorted(range(len(values)), key=lambda index: values[index])):
        highest = max(highest, min(1.0, (len(values) - rank) * values[position]))
        adjusted[position] = highest
    return adjusted
