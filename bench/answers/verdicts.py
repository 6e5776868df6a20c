"""Which differences between rows are real: paired over seeds and test images. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from bench.answers.rows.rows import Row
from bench.statistics.paired import Difference, crossed, holm
from bench.statistics.variance import laid_out

Right = Callable[[str], "npt.NDArray[np.bool_] | None"]
"""Maps a cell's id to which of its test images it got right, (N,); null where that is missing."""
Word = Literal["better", "worse", "tie", "not tested"]
LEVEL = 0.05
FEWEST = 3
"""Seeds of a test: with two, it finds differences that are none in up to a tenth of cases (docs/protocol.md)."""


@dataclass(frozen=True)
class Verdict:
    """One row against another at the same label budget."""

    first: Row
    second: Row
    difference: Difference | None
    """Accuracy of the first minus the second's, over the seeds that both have."""
    p: float | None
    """Corrected for the comparisons of the table (Holm, 1979)."""
    reason: str | None
    """Why nothing was tested."""

    @property
    def word(self) -> Word:
        """`better` and `worse` are of the first."""
        if self.p is None or self.difference is None:
            return "not tested"
        if self.p >= LEVEL:
            return "tie"
        return "better" if self.difference.mean > 0 else "worse"


def compare(first: Row, second: Row, right: Right) -> Verdict:
    """Compare two rows on the test images that both saw, seed by seed; not corrected yet."""
    draws = sorted(set(first.cells) & set(second.cells))
    if not draws:
        return Verdict(first, second, None, None, "no seed in common")
    if first.test_sha256 != second.test_sha256:
        return Verdict(first, second, None, None, "other test images")
    pairs = [(right(first.cells[draw]), right(second.cells[draw])) for draw in draws]
    kept = [mine.astype(float) - theirs for mine, theirs in pairs if mine is not None and theirs is not None]
    if len(kept) < len(pairs):
        return Verdict(first, second, None, None, "predictions are missing")
    differences = laid_out(draws, np.stack(kept))
    if differences is None:
        return Verdict(first, second, None, None, "not every combination of the seeds that varied has a number")
    if differences.ndim == 1:  # nothing varied: a single seed, whose noise nobody knows
        differences = differences[None]
    difference = crossed(differences)
    reason = _too_few(min(differences.shape[:-1]))
    return Verdict(first, second, difference, None if reason else difference.p, reason)


def _too_few(seeds: int) -> str | None:
    """Say why so many seeds are not enough for a test; null where they are."""
    if seeds == 1:
        return "a single seed: its noise is unknown"
    return f"{seeds} seeds are too few for a test: it takes {FEWEST}" if seeds < FEWEST else None


def corrected(verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """Return the verdicts of one table with their p-values corrected for their number."""
    listed = list(verdicts)
    tested = [position for position, verdict in enumerate(listed) if verdict.p is not None]
    for position, p in zip(tested, holm([listed[position].p or 0.0 for position in tested]), strict=True):
        listed[position] = replace(listed[position], p=p)
    return tuple(listed)


def against_the_best(rows: Sequence[Row], right: Right) -> tuple[Verdict, ...]:
    """Compare each row of a table with the highest mean of its label budget, which is not compared with itself."""
    verdicts = []
    for budget in dict.fromkeys((row.budget, row.n_labels) for row in rows):
        mine = [row for row in rows if (row.budget, row.n_labels) == budget]
        best = max(mine, key=lambda row: row.accuracy.mean)
        verdicts += [compare(row, best, right) for row in mine if row is not best]
    return corrected(verdicts)
