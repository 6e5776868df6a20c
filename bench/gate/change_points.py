"""Where a series of figures moves to another level. Pure."""

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FEWEST = 3
"""Points there must be on either side of a change."""
LEVEL = 0.01
DRAWS = 999
"""Permutations: with the series itself a thousand, so that p has three digits."""
SMALLEST = 0.10
"""Change of the median, as a share, below which a change point is left out."""

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Shift:
    """A change of level."""

    at: int
    """Position of the first point of the new level."""
    share: float
    """What the new level's median is over the old one's, minus one."""
    p: float


def shifts(values: Sequence[float]) -> tuple[Shift, ...]:
    """Return the changes of level of a series, first to last.

    A segment is split where the energy distance between what is before and what follows is greatest, if no more than a
    hundredth of its permutations reach that distance. Then each part is treated in the same way (Matteson and James, "A
    nonparametric approach for multiple change point analysis", 2014; for software performance: Daly et al., 2020).
    Under ten points nothing can be found.
    """
    generator = np.random.default_rng(0)  # the same series has the same change points each time
    found = _split(np.asarray(values, dtype=np.float64), 0, generator)
    if not found:
        return ()
    starts = [0, *(at for at, _ in found), len(values)]
    medians = [statistics.median(values[low:high]) for low, high in itertools.pairwise(starts)]
    shares = [new / old - 1 if old else float("inf") for old, new in itertools.pairwise(medians)]
    return tuple(Shift(at, share, p) for (at, p), share in zip(found, shares, strict=True) if abs(share) > SMALLEST)


def _split(values: Matrix, offset: int, generator: np.random.Generator) -> list[tuple[int, float]]:
    """Return position and p of each split of a segment and of its parts."""
    if len(values) < 2 * FEWEST:
        return []
    distances = np.abs(values[:, None] - values)
    at, energy = _best(distances)
    if energy <= 0:
        return []
    reached = 0
    for _ in range(DRAWS):
        order = generator.permutation(len(values))
        # but for rounding: a permutation that parts the points as they are sums them in another order
        reached += _best(distances[np.ix_(order, order)])[1] >= energy - 1e-12 * abs(energy)
    p = (1 + reached) / (1 + DRAWS)
    if p > LEVEL:
        return []
    before, after = _split(values[:at], offset, generator), _split(values[at:], offset + at, generator)
    return [*before, (offset + at, p), *after]


def _best(distances: Matrix) -> tuple[int, float]:
    """Return the split with the greatest energy distance, scaled by the parts' sizes, and that distance.

    The second part may end before the series does: else a series that goes up and comes down again would hide both
    changes.
    """
    count = len(distances)
    # sums[i, j] is that of distances[:i, :j], so that all splits are judged at once by differences of these
    sums = np.zeros((count + 1, count + 1))
    sums[1:, 1:] = distances.cumsum(0).cumsum(1)
    split, end = np.triu_indices(count + 1, FEWEST)
    usable = split >= FEWEST
    split, end = split[usable], end[usable]
    second = end - split
    within = sums[split, split]
    between = sums[split, end] - within
    beyond = sums[end, end] - 2 * between - within
    energy = 2 * between / (split * second) - within / (split * (split - 1)) - beyond / (second * (second - 1))
    scaled = energy * split * second / end
    best = int(scaled.argmax())
    return int(split[best]), float(scaled[best])
