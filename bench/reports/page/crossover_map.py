"""The heat map of crossovers: from how many labels on one way of transferring is ahead of another, by backbone."""

import math
from dataclasses import dataclass

from bench.aggregate import Summary
from bench.reports.verdict_tables import overtaking_line
from bench.verdicts import Overtaking

SHADES = 7


@dataclass(frozen=True)
class Mark:
    """One field of the heat map."""

    text: str
    shade: str
    """Of the style sheet: `always`, `never`, `none`, or `heat0` (few labels) to `heat6` (many)."""
    told: str
    """The sentence, for who points at it or can't see the colours."""


@dataclass(frozen=True)
class CrossoverMap:
    """A row per pair of settings, a column per backbone."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[Mark, ...]], ...]
    """The setting that overtakes, the one that is overtaken, and a mark per column."""


def crossover_map(summary: Summary) -> CrossoverMap:
    """Return the heat map; fields of what was not compared are blank."""
    titles = {
        (row.variant, row.budget): (block.title, setting)
        for block in summary.blocks
        for (setting, _), row in block.rows.items()
    }
    found: dict[tuple[str, str], dict[str, Overtaking]] = {}
    for each in summary.overtakings:
        block, first = titles[each.first.variant, each.first.budget]
        _, second = titles[each.second.variant, each.second.budget]
        found.setdefault((first, second), {})[block] = each
    columns = tuple(dict.fromkeys(block for each in found.values() for block in each))
    return CrossoverMap(
        columns,
        tuple((*pair, tuple(_mark(each.get(column)) for column in columns)) for pair, each in found.items()),
    )


def _mark(each: Overtaking | None) -> Mark:
    if each is None:
        return Mark("", "none", "not compared")
    if each.found.labels is None:
        return Mark(each.found.side, each.found.side, overtaking_line(each))
    low, high = math.log(max(1, each.budgets[0])), math.log(max(1, each.budgets[-1]))
    share = (math.log(each.found.labels) - low) / (high - low) if high > low else 0.0
    shade = min(SHADES - 1, max(0, int(share * SHADES)))
    return Mark(f"{each.found.labels:,.0f}", f"heat{shade}", overtaking_line(each))
