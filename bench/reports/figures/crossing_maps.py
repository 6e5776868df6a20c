"""Heat maps: from how many labels on which setting is ahead of which."""

import math
from pathlib import Path
from typing import Any

from matplotlib import colormaps

from bench.answers.crossings import CrossingMap, crossings
from bench.answers.summary import Summary
from bench.reports.figures.drawing import PANELS, drawn, literal
from bench.statistics.learning_curves import Crossover

SURE = 0.95
"""Share of the draws that must agree with the word."""
CELL = 0.78
"""Inches of a pair."""


def crossing_maps(summary: Summary, folder: Path) -> Path | None:
    """Draw one panel per table; return the picture's path, null where no two settings share two label budgets."""
    shown = summary.ask(crossings)[:PANELS]
    if not shown:
        return None
    path = folder / "crossings.svg"
    names = max(len(setting) for each in shown for setting in each.settings)
    side = CELL * max(len(each.settings) for each in shown)
    columns = min(2, len(shown))
    lines = math.ceil(len(shown) / columns)
    width, height = columns * (side + 0.075 * names + 0.4), lines * (0.72 * side + 0.06 * names + 0.8)
    with drawn(path, width, height, font_size=9) as figure:
        panels = figure.subplots(lines, columns, squeeze=False).ravel()
        for axes, each in zip(panels, shown, strict=False):
            _panel(axes, each)
        for axes in panels[len(shown) :]:
            axes.set_axis_off()
    return path


def told(found: Crossover) -> str:
    """`always`, `never` or the labels; with a question mark where the draws don't agree on which."""
    always, never, crosses = found.shares
    agree = {"always": always, "never": never, "crosses": crosses}[found.side]
    word = found.side if found.labels is None else f"{found.labels:,.0f}"
    return word if agree >= SURE else f"{word}?"


def _panel(axes: Any, each: CrossingMap) -> None:
    colours = colormaps["cividis"]
    count = len(each.settings)
    for (first, second), overtaking in each.found.items():
        shade = _shade(overtaking.found, overtaking.budgets)
        row, column = each.settings.index(first), each.settings.index(second)
        axes.fill(
            [column, column + 1, column + 1, column],
            [row, row, row + 1, row + 1],
            facecolor=colours(shade),
            edgecolor="white",
        )
        ink = "black" if shade > 0.55 else "white"
        axes.text(column + 0.5, row + 0.5, told(overtaking.found), ha="center", va="center", color=ink, fontsize=8)
    axes.set_xlim(0, count)
    axes.set_ylim(count, 0)
    middles = [place + 0.5 for place in range(count)]
    names = [literal(setting) for setting in each.settings]
    axes.set_xticks(middles, names, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(middles, names)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("... that one")
    axes.set_ylabel("this one is ahead of ...")
    axes.set_title(literal(each.title))


def _shade(found: Crossover, budgets: tuple[int, ...]) -> float:
    """Return 1 for always, 0 for never, and for a number of labels what lies between: fewer are lighter."""
    if found.labels is None:
        return 1.0 if found.side == "always" else 0.0
    low, high = math.log(budgets[0]), math.log(budgets[-1])
    if high == low:  # two budgets that hold the same number of labels
        return 0.85
    return 0.85 - 0.7 * (math.log(found.labels) - low) / (high - low)
