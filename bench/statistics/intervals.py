"""Intervals on lists of numbers. No torch, no files."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import scipy  # loads its parts when they are first named: reading records waits for none of them


@dataclass(frozen=True)
class Estimate:
    """A mean with its interval."""

    mean: float
    half_width: float | None
    """Half of the interval; null for a single value."""
    n: int

    @property
    def low(self) -> float:
        """Lower end; the mean itself for a single value."""
        return self.mean - (self.half_width or 0.0)

    @property
    def high(self) -> float:
        """Upper end; the mean itself for a single value."""
        return self.mean + (self.half_width or 0.0)


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> Estimate:
    """Return the mean with Student's t interval (ddof = 1).

    Student, "The probable error of a mean", 1908.
    """
    # no bootstrap: over three seeds it covers far too little
    n = len(values)
    if n == 0:
        raise ValueError("no values")
    mean = math.fsum(values) / n
    if n == 1:
        return Estimate(mean, None, 1)
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    return Estimate(mean, student_quantile(n - 1, confidence) * math.sqrt(variance / n), n)


@functools.lru_cache(maxsize=1000)  # the rows of a report have few numbers of seeds
def student_quantile(freedom: float, confidence: float) -> float:
    """Return how many standard errors a two-sided interval by Student's t reaches to each side."""
    return float(scipy.special.stdtrit(freedom, 0.5 + confidence / 2))
