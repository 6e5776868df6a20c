"""Is one model better than another on the same test images and the same seeds? Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from bench.statistics.intervals import student_quantile
from bench.statistics.variance import Squares, mean_error, mean_squares

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """A mean difference of two models over seeds and test images, with its interval."""

    mean: float
    low: float
    high: float
    p: float | None
    """Two-sided, under no difference; null with a single seed, which says nothing of its noise."""
    seeds: int
    images: int
    error: float
    """Standard error of the mean."""
    freedom: float
    """Degrees of freedom of that error."""
    variances: tuple[float, float, float]
    """What seeds, images and their interplay add to the square of the standard error."""


def crossed(differences: Matrix, confidence: float = 0.95) -> Difference:
    """Return the mean of per-image differences (S seeds, N images) with an interval over both seeds and images.

    Where seeds of several kinds varied apart, each kind has an axis, and images have the last. With one seed the
    interval is over the images alone, and nothing is tested.
    """
    # every seed is tested on the same images, so averages over either alone are not independent: the variance of the
    # mean is that of a crossed random-effects table
    images = differences.shape[-1]
    seeds = differences.size // images
    if images < 2:
        raise ValueError("a comparison needs two test images or more")
    mean = float(differences.mean())
    if seeds == 1:
        return _of_one_seed(mean, float(differences.var(ddof=1)), images, confidence)
    return _difference(mean, mean_squares(differences), differences.ndim - 1, images, confidence)


def _of_one_seed(mean: float, variance: float, images: int, confidence: float) -> Difference:
    spread = variance / images
    half = student_quantile(images - 1, confidence) * math.sqrt(spread)
    return Difference(
        mean, mean - half, mean + half, None, 1, images, math.sqrt(spread), images - 1, (0.0, spread, 0.0)
    )


def _difference(mean: float, squares: Squares, seed_axes: int, images: int, confidence: float) -> Difference:
    found = mean_error(squares, seed_axes)
    half = student_quantile(found.freedom, confidence) * found.error
    p = _two_sided(mean / found.error, found.freedom) if found.error else float(mean == 0)
    of_images = found.parts[seed_axes,]
    of_seeds = math.fsum(part for axes, part in found.parts.items() if seed_axes not in axes)
    parts = (of_seeds, of_images, math.fsum(found.parts.values()) - of_seeds - of_images)
    seeds = squares.count // images
    return Difference(mean, mean - half, mean + half, p, seeds, images, found.error, found.freedom, parts)


@dataclass(frozen=True)
class AllPairs:
    """Sums over the answers of M models: the difference of any two follows from them, without the answers."""

    seeds: int
    images: int
    by_seed: Matrix
    """Right answers of each model by seed (M, S)."""
    of_images: Matrix
    """Products of models' right answers by image (M, M)."""
    of_all: Matrix
    """Products of models' answers (M, M)."""

    def difference(self, first: int, second: int, confidence: float = 0.95) -> Difference:
        """Return what `crossed` gives for the first model's answers minus the second's."""
        # sums of right answers are whole numbers, so that their differences lose nothing
        count = self.seeds * self.images
        by_seed = self.by_seed[first] - self.by_seed[second]
        total = float(by_seed.sum())
        around = total**2 / count
        of_seeds = float(np.square(by_seed).sum()) / self.images - around
        of_images = self._apart(self.of_images, first, second) / self.seeds - around
        left = self._apart(self.of_all, first, second) - around
        if self.seeds == 1:
            return _of_one_seed(total / count, left / (self.images - 1), self.images, confidence)
        sums = {(0,): of_seeds, (1,): of_images, (0, 1): max(0.0, left - of_seeds - of_images)}
        shape = Squares((self.seeds, self.images), {})
        squares = Squares(shape.shape, {axes: each / shape.freedom(axes) for axes, each in sums.items()})
        return _difference(total / count, squares, 1, self.images, confidence)

    @staticmethod
    def _apart(products: Matrix, first: int, second: int) -> float:
        return float(products[first, first] + products[second, second] - 2 * products[first, second])


def all_pairs(answers: npt.NDArray[np.bool_]) -> AllPairs:
    """Return the sums of answers, right or not (M models, S seeds, N images); all have the same seeds and images."""
    models, seeds, images = answers.shape
    if images < 2:
        raise ValueError("a comparison needs two test images or more")
    whole = answers.reshape(models, -1).astype(np.float64)
    by_image = answers.sum(1).astype(np.float64)
    return AllPairs(seeds, images, answers.sum(2).astype(np.float64), by_image @ by_image.T, whole @ whole.T)


def _two_sided(statistic: float, freedom: float) -> float:
    return float(2 * scipy.special.stdtr(freedom, -abs(statistic)))


def holm(values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number (Holm, 1979), in the order given."""
    adjusted = [0.0] * len(values)
    highest = 0.0
    for rank, position in enumerate(sorted(range(len(values)), key=lambda index: values[index])):
        highest = max(highest, min(1.0, (len(values) - rank) * values[position]))
        adjusted[position] = highest
    return adjusted
