"""Is one model better than another on the same test images and the same seeds? Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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

    Every seed is tested on the same images, so that averages over either alone are not independent: the variance of the
    mean is that of a two-way random-effects table (Searle, Casella and McCulloch, 1992), and its degrees of freedom are
    Satterthwaite's (1946). With one seed the interval is over the images alone, and nothing is tested.
    """
    seeds, images = differences.shape
    if images < 2:
        raise ValueError("a comparison needs two test images or more")
    mean = float(differences.mean())
    if seeds == 1:
        spread = float(differences.var(ddof=1)) / images
        half = _quantile(images - 1, confidence) * math.sqrt(spread)
        return Difference(
            mean, mean - half, mean + half, None, 1, images, math.sqrt(spread), images - 1, (0.0, spread, 0.0)
        )
    by_seed, by_image = differences.mean(1), differences.mean(0)
    squares_seed = images * float(np.square(by_seed - mean).sum()) / (seeds - 1)
    squares_image = seeds * float(np.square(by_image - mean).sum()) / (images - 1)
    rest = differences - by_seed[:, None] - by_image + mean
    squares_rest = float(np.square(rest).sum()) / ((seeds - 1) * (images - 1))
    count = seeds * images
    of_seeds = max(0.0, squares_seed - squares_rest) / count
    of_images = max(0.0, squares_image - squares_rest) / count
    variance = of_seeds + of_images + squares_rest / count
    freedom = _freedom(variance * count, (squares_seed, squares_image, squares_rest), seeds, images)
    error = math.sqrt(variance)
    half = _quantile(freedom, confidence) * error
    p = _two_sided(mean / error, freedom) if error else float(mean == 0)
    parts = (of_seeds, of_images, squares_rest / count)
    return Difference(mean, mean - half, mean + half, p, seeds, images, error, freedom, parts)


def _freedom(total: float, squares: tuple[float, float, float], seeds: int, images: int) -> float:
    of_seeds, of_images, rest = squares
    spread = of_seeds**2 / (seeds - 1)
    if of_images > rest:
        spread += of_images**2 / (images - 1)
    if of_seeds > rest or of_images > rest:
        spread += rest**2 / ((seeds - 1) * (images - 1))
    return max(float(seeds - 1), total**2 / spread) if spread else float(seeds - 1)


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
