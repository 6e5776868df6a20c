"""Which seeds varied in a run, and where the noise of its rows comes from. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.records.record import Record
from bench.statistics.variance import CAUSES, Decomposition, decompose, factors_of, varied_apart


@dataclass(frozen=True)
class Varied:
    """What chance drew anew from cell to cell."""

    factors: tuple[tuple[str, int], ...]
    """Causes that varied, those that never varied apart as one, each with the number of its seeds."""
    fixed: tuple[str, ...]
    """Causes that stayed the same in all cells."""
    repeats: int
    """Most runs of the very same cell."""


@dataclass(frozen=True)
class Noise:
    """The variance of one row's accuracy by cause."""

    row: Row
    found: Decomposition | None
    """Null where a combination of seeds has no number."""


def varied(summary: Summary) -> Varied:
    """Return which seeds varied."""
    return varied_of(summary.finished)


def noise(summary: Summary) -> tuple[Noise, ...]:
    """Return where the noise of each row comes from that tells."""
    return noise_of(summary.rows, summary.finished)


def varied_of(records: Sequence[Record]) -> Varied:
    """Return which seeds varied over a run's records."""
    draws = sorted({record.seeds for record in records})
    factors = factors_of(draws)
    causes = {cause for factor in factors for cause in factor.causes}
    return Varied(
        tuple((factor.label, factor.levels) for factor in factors),
        tuple(cause for cause in CAUSES.values() if cause not in causes),
        max(Counter(draw._replace(repeat=0) for draw in draws).values(), default=1),
    )


def noise_of(rows: Sequence[Row], records: Sequence[Record]) -> tuple[Noise, ...]:
    """Return the noise of each row whose seeds varied apart, or whose cells were repeated."""
    known: Mapping[str, Record] = {record.cell_id: record for record in records}
    found = []
    for row in rows:
        draws = list(row.cells)
        if len(draws) > 1 and varied_apart(draws):
            accuracies = [known[cell].accuracy or 0.0 for cell in row.cells.values()]
            found.append(Noise(row, decompose(draws, accuracies)))
    return tuple(found)
