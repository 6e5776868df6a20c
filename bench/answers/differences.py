"""How far two rows lie apart: paired over seeds and test images, before anything is corrected. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.answers.rows.rows import Row
from bench.statistics.paired import AllPairs, Difference, all_pairs, crossed
from bench.statistics.variance import laid_out, varied_apart

Right = Callable[[str], "npt.NDArray[np.bool_] | None"]
"""Maps a cell's id to which of its test images it got right, (N,); null where that is missing."""
FEWEST = 3
"""Seeds of a test: with two, it finds differences that are none in up to a tenth of cases (docs/protocol.md)."""


@dataclass(frozen=True)
class Apart:
    """One row's accuracy minus another's."""

    difference: Difference | None
    """Over the seeds that both have; null where nothing can be compared."""
    reason: str | None
    """Why nothing is tested; null where the difference is."""


Differ = Callable[[Row, Row], Apart]
"""Holds the first row against the second."""


def compare(first: Row, second: Row, right: Right) -> Apart:
    """Compare two rows on the test images that both saw, seed by seed."""
    draws = sorted(set(first.cells) & set(second.cells))
    if not draws:
        return Apart(None, "no seed in common")
    if (first.dataset, first.test_sha256) != (second.dataset, second.test_sha256):
        return Apart(None, "other test images")
    pairs = [(right(first.cells[draw]), right(second.cells[draw])) for draw in draws]
    kept = [mine.astype(float) - theirs for mine, theirs in pairs if mine is not None and theirs is not None]
    if len(kept) < len(pairs):
        return Apart(None, "predictions are missing")
    differences = laid_out(draws, np.stack(kept))
    if differences is None:
        return Apart(None, "not every combination of the seeds that varied has a number")
    if differences.ndim == 1:  # nothing varied: a single seed, whose noise nobody knows
        differences = differences[None]
    return Apart(crossed(differences), _too_few(min(differences.shape[:-1])))


def _too_few(seeds: int) -> str | None:
    """Say why so many seeds are not enough for a test; null where they are."""
    if seeds == 1:
        return "a single seed: its noise is unknown"
    return f"{seeds} seeds are too few for a test: it takes {FEWEST}" if seeds < FEWEST else None


def differ_among(rows: Iterable[Row], right: Right) -> Differ:
    """Return what compares any two of many rows as `compare` does, by sums that are made once for rows alike."""
    # A table of k settings has k (k - 1) / 2 pairs at each budget. What a comparison needs are sums over images, which
    # all pairs of rows with the same cells and test images share.
    alike: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        if not varied_apart(list(row.cells)):
            alike.setdefault((row.test_sha256, tuple(sorted(row.cells))), []).append(row)
    places: dict[int, tuple[AllPairs, int]] = {}
    for mine in alike.values():
        places |= _summed(mine, right)

    def differ(first: Row, second: Row) -> Apart:
        one, other = places.get(id(first)), places.get(id(second))
        if one and other and one[0] is other[0]:
            return Apart(one[0].difference(one[1], other[1]), _too_few(one[0].seeds))
        return compare(first, second, right)

    return differ


def _summed(rows: list[Row], right: Right) -> dict[int, tuple[AllPairs, int]]:
    """Return the sums of rows alike, with each row's place in them; rows that lack an answer are left out."""
    answers = {id(row): [right(row.cells[draw]) for draw in sorted(row.cells)] for row in rows}
    whole = {key: found for key, found in answers.items() if not any(each is None for each in found)}
    if not whole:
        return {}
    table = all_pairs(np.array(list(whole.values())))
    return {key: (table, place) for place, key in enumerate(whole)}
