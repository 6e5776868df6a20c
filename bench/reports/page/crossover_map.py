"""The heat maps of crossovers: from how many labels on which setting is ahead of which."""

import math
from dataclasses import dataclass

from bench.answers.crossings import CrossingMap, crossings
from bench.answers.overtaking import Overtaking
from bench.answers.summary import Summary
from bench.reports.figures.crossing_maps import told
from bench.reports.tables.sentences import overtaking_line

SHADES = 7


@dataclass(frozen=True)
class Mark:
    """One field of a heat map."""

    text: str
    shade: str
    """Of the style sheet: `always`, `never`, `none`, or `heat0` (few labels) to `heat6` (many)."""
    sentence: str
    """For who points at it."""


@dataclass(frozen=True)
class HeatMap:
    """All pairs of settings of one block: the row is ahead of the column."""

    title: str
    settings: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Mark, ...]], ...]


def heat_maps(summary: Summary) -> list[HeatMap]:
    """Return a heat map for each block that has two settings with two label budgets in common."""
    return [_map(each) for each in summary.ask(crossings)]


def _map(each: CrossingMap) -> HeatMap:
    rows = tuple(
        (first, tuple(_mark(each.found.get((first, second))) for second in each.settings)) for first in each.settings
    )
    return HeatMap(each.title, each.settings, rows)


def _mark(each: Overtaking | None) -> Mark:
    if each is None:
        return Mark("", "none", "")
    if each.found.labels is None:
        return Mark(told(each.found), each.found.side, overtaking_line(each))
    low, high = math.log(max(1, each.budgets[0])), math.log(max(1, each.budgets[-1]))
    share = (math.log(each.found.labels) - low) / (high - low) if high > low else 0.0
    shade = min(SHADES - 1, max(0, int(share * SHADES)))
    return Mark(told(each.found), f"heat{shade}", overtaking_line(each))
