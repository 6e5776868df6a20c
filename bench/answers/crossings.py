"""From how many labels on which setting is ahead of which: of each start, and all pairs of a table. Pure."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.answers.differences import Right, differ_among
from bench.answers.overtaking import Overtaking, both_ways, overtaking
from bench.answers.rows.rows import Row
from bench.answers.starts import by_start
from bench.answers.summary import Summary


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
        both = both_ways(rows[one], rows[other], differ)
        if both:
            found[one, other], found[other, one] = both
    settings = tuple(setting for setting in rows if any(setting == one for one, _ in found))
    return CrossingMap(title, settings, found) if found else None


def crossings(summary: Summary) -> tuple[CrossingMap, ...]:
    """Return for each table with two label budgets or more where any setting overtakes any other."""
    found = [crossings_of(block.title, block.by_setting, summary.right) for block in summary.blocks]
    return tuple(each for each in found if each is not None)


def overtakings(summary: Summary) -> tuple[Overtaking, ...]:
    """Return for each start where full fine-tuning overtakes the linear probe."""
    found = [
        overtaking([tuned for _, tuned in pairs], [frozen for frozen, _ in pairs], summary.right)
        for pairs in summary.ask(by_start)
    ]
    return tuple(each for each in found if each is not None)
