"""Intervals on lists of numbers. No torch, no files."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass


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

    Student, "The probable error of a mean", 1908. A bootstrap over three seeds covers far too little.
    """
    n = len(values)
    if n == 0:
        raise ValueError("no values")
    mean = math.fsum(values) / n
    if n == 1:
        return Estimate(mean, None, 1)
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    return Estimate(mean, _quantile(n - 1, confidence) * math.sqrt(variance / n), n)


@functools.cache
def _quantile(freedom: int, confidence: float) -> float:
    from scipy.special import stdtrit  # a tenth of the import time of scipy.stats

    return float(stdtrit(freedom, 0.5 + confidence / 2))
