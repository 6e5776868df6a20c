"""From how many labels on which setting is ahead of which: all pairs of a table. Pure."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.answers.rows.rows import Row
from bench.answers.verdicts import Overtaking, Right, differ_among, overtakings


@dataclass(frozen=True)
class CrossingMap:
    """All pairs of settings of one table that can be compared."""

    title: str
    settings: tuple[str, ...]
    """Those that have a pair, in the order of the table."""
    found: Mapping[tuple[str, str], Overtaking]
    """From where the first of a pair is ahead of the second; both orders of each pair."""


def crossings_of(title: str, rows: Mapping[str, Sequence[Row]], right: Right) -> CrossingMap | None:
    """Compare the settings of a table with one another; null where no two share two label budgets."""
    found: dict[tuple[str, str], Overtaking] = {}
    differ = differ_among(itertools.chain.from_iterable(rows.values()), right)
    for one, other in itertools.combinations(rows, 2):
        both = overtakings(rows[one], rows[other], differ)
        if both:
            found[one, other], found[other, one] = both
    settings = tuple(setting for setting in rows if any(setting == one for one, _ in found))
    return CrossingMap(title, settings, found) if found else None
