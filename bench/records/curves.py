"""Curves made small: at most a hundred of the measured points, in sixteen bits each. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Packed = npt.NDArray[np.uint16]

CurvesOf = Callable[[str], Mapping[str, Values]]
"""Returns the curves of a cell, given by its id, by name; none where they were not kept."""

NAMES = ("losses", "step_s", "candidate_accuracies")
"""The curves that a report shows."""
POINTS = 100
LEVELS = 65534
"""Steps from the smallest to the largest value of a curve."""
NO_NUMBER = 65535
"""The level that stands for a value that is not finite."""


def no_curves(cell_id: str) -> dict[str, Values]:
    """Return no curves, as for a cell whose curves were not kept."""
    return {}


@dataclass(frozen=True)
class Curve:
    """Some points of a curve that has one value per step."""

    steps: int
    """Steps of the whole curve."""
    stride: int
    """Steps that one unit of `at` stands for: above 1 where the curve has more than 65,536."""
    low: float
    """The value that level 0 stands for."""
    high: float
    """The value that level 65,534 stands for."""
    at: Packed
    """The steps of the points, counted from 0."""
    levels: Packed
    """Their values, from 0 to 65,534; 65,535 stands for one that is not finite."""

    @property
    def points(self) -> list[tuple[int, float]]:
        """The steps and their values, to a 65,534th of the curve's range."""
        span = (self.high - self.low) / LEVELS
        values = np.where(self.levels == NO_NUMBER, np.nan, self.low + self.levels * span)
        return list(zip((self.at.astype(np.int64) * self.stride).tolist(), values.tolist(), strict=True))


def pack(values: Values) -> Curve:
    """Thin a curve (N,) to 100 points or fewer and pack it."""
    values = values.astype(np.float64)
    chosen = extremes(values)
    stride = max(1, -(-len(values) // 65536))
    kept = values[chosen]
    finite = kept[np.isfinite(kept)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
    scaled = (kept - low) / (high - low) * LEVELS if high > low else np.zeros(len(kept))
    levels = np.where(np.isfinite(kept), np.round(np.nan_to_num(scaled)), NO_NUMBER).astype(np.uint16)
    return Curve(len(values), stride, low, high, (chosen // stride).astype(np.uint16), levels)


def extremes(values: Values, points: int = POINTS) -> npt.NDArray[np.int64]:
    """Return the positions, ascending, of at most so many points: the lowest and the highest of equal stretches.

    So no spike is lost, and each point is one that was measured.
    """
    if len(values) <= points:
        return np.arange(len(values), dtype=np.int64)
    ends = np.linspace(0, len(values), points // 2 + 1).round().astype(np.int64)
    filled = np.where(np.isfinite(values), values, np.inf)
    chosen: set[int] = set()
    for start, stop in pairwise(ends.tolist()):
        chosen |= {int(start + filled[start:stop].argmin()), int(start + filled[start:stop].argmax())}
    return np.array(sorted(chosen), np.int64)
