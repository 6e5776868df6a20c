"""Is one model better than another on the same test images and the same seeds? Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import scipy

from bench.statistics.variance import Squares, mean_error, mean_squares

Matrix = npt.NDArray[np.float64]
LEAST_P = 1e-100
"""What is smaller counts as none."""


@dataclass(frozen=True)
class Difference:
    """A mean difference of two models over seeds and test images, with how sure it is."""

    mean: float
    p: float | None
    """Two-sided, under no difference; null with a single seed, which says nothing of its noise."""
    seeds: int
    images: int
    error: float
    """Standard error of the mean."""
    freedom: float
    """Degrees of freedom of that error, by Satterthwaite."""
    seed_freedom: float
    """Those of its part over seeds: the fewest seeds of a kind, less one."""
    variances: tuple[float, float, float]
    """What seeds, images and their interplay add to the square of the standard error."""

    def interval(self, missing: float = 0.05) -> tuple[float, float]:
        """Return the ends of the interval that misses the true mean in a share `missing` of cases.

        It is of the same error and the same distribution as `p`: it excludes zero where `p` is below that share.
        """
        half = self.quantile(missing) * self.error
        return self.mean - half, self.mean + half

    def quantile(self, missing: float) -> float:
        """Return how many errors the interval reaches to each side (Cochran and Cox, 1950).

        The quantiles of the parts over seeds and over images, weighted by their variances. Satterthwaite's single
        number of degrees of freedom is too large where few seeds agree by luck: at the levels that are left of 5 %
        among many comparisons, differences that are none are then found several times too often.
        """
        total = math.fsum(self.variances)
        over_images = self.variances[1] / total if total else 0.0
        of_seeds, of_images = scipy.special.stdtrit((self.seed_freedom, self.images - 1), missing / 2)
        return -float((1 - over_images) * of_seeds + over_images * of_images)


def crossed(differences: Matrix) -> Difference:
    """Return the mean of per-image differences (S seeds, N images), with its error over both seeds and images.

    Where seeds of several kinds varied apart, each kind has an axis, and images have the last. With one seed the
    error is that over the images alone, and nothing is tested.
    """
    # every seed is tested on the same images, so averages over either alone are not independent: the variance of the
    # mean is that of a crossed random-effects table
    images = differences.shape[-1]
    seeds = differences.size // images
    if images < 2:
        raise ValueError("a comparison needs two test images or more")
    mean = float(differences.mean())
    if seeds == 1:
        return _of_one_seed(mean, float(differences.var(ddof=1)), images)
    return _difference(mean, mean_squares(differences), differences.ndim - 1, images)


def _of_one_seed(mean: float, variance: float, images: int) -> Difference:
    spread = variance / images
    return Difference(mean, None, 1, images, math.sqrt(spread), images - 1, images - 1, (0.0, spread, 0.0))


def _difference(mean: float, squares: Squares, seed_axes: int, images: int) -> Difference:
    found = mean_error(squares, seed_axes)
    of_images = found.parts[seed_axes,]
    of_seeds = math.fsum(part for axes, part in found.parts.items() if seed_axes not in axes)
    parts = (of_seeds, of_images, math.fsum(found.parts.values()) - of_seeds - of_images)
    seeds = squares.count // images
    fewest = float(min(squares.shape[:seed_axes])) - 1
    difference = Difference(mean, None, seeds, images, found.error, found.freedom, fewest, parts)
    return replace(difference, p=_two_sided(difference))


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

    def difference(self, first: int, second: int) -> Difference:
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
            return _of_one_seed(total / count, left / (self.images - 1), self.images)
        sums = {(0,): of_seeds, (1,): of_images, (0, 1): max(0.0, left - of_seeds - of_images)}
        shape = Squares((self.seeds, self.images), {})
        squares = Squares(shape.shape, {axes: each / shape.freedom(axes) for axes, each in sums.items()})
        return _difference(total / count, squares, 1, self.images)

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


def _two_sided(found: Difference) -> float:
    """Return the share of cases that an interval which ends at zero misses in."""
    if not found.error or not found.mean:
        return float(found.mean == 0)
    errors = abs(found.mean) / found.error
    # It lies between what images alone and what seeds alone would give; a little is added, as those are rounded.
    ends = np.sort(2 * scipy.special.stdtr((found.images - 1, found.seed_freedom), -errors))
    low, high = np.log(ends.clip(LEAST_P)) + np.array([-1e-9, 1e-9])

    def beyond(log: float) -> float:
        return found.quantile(math.exp(log)) - errors

    if beyond(low) <= 0:
        return 0.0
    return min(1.0, math.exp(scipy.optimize.brentq(beyond, low, high, xtol=1e-14)))


LEVEL = 0.05
"""The share of families without any difference in which one may be found."""


@dataclass(frozen=True)
class Corrected:
    """What is left of one of many tests when all of them are asked at once (Holm, 1979)."""

    p: float
    """Corrected; below the level where the test rejects."""
    missing: float
    """The share of cases that the test's interval may miss in: it then excludes zero just where the test rejects."""


def stepped_down(values: Sequence[float], size: int | None = None, level: float = LEVEL) -> list[Corrected]:
    """Return p-values of one family corrected (Holm, 1979), in the order given, with the level of each interval.

    `size` counts all tests of the family where not all were made: those left out count as not rejected.
    """
    # The test of rank k (from 0) rejects below level / (size - k), so that share is its interval's. From the first on
    # that does not reject, none does, whatever its own p: all of them have the share of that first one (the intervals
    # of Strassburger and Bretz, 2008, for what is not rejected). Their p are no smaller, so they can't exclude zero.
    count = len(values) if size is None else size
    adjusted, shares = [0.0] * len(values), [0.0] * len(values)
    highest = share = 0.0
    for rank, position in enumerate(sorted(range(len(values)), key=lambda index: values[index])):
        if highest < level:
            share = level / (count - rank)
        highest = max(highest, min(1.0, (count - rank) * values[position]))
        adjusted[position], shares[position] = highest, share
    return [Corrected(p, missing) for p, missing in zip(adjusted, shares, strict=True)]


def holm(values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number (Holm, 1979), in the order given."""
    return [each.p for each in stepped_down(values)]
