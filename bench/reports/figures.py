"""Pictures of a summary, the same bytes for the same numbers."""

from pathlib import Path
from typing import Any

from bench.aggregate import Block, Row, Summary

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
"""Told apart by colour-blind readers too (Okabe and Ito, 2008)."""
MARKERS = "osD^vPX*"


def accuracy_curves(summary: Summary, folder: Path) -> Path:
    """Draw accuracy against labels, one panel per block, bands for the 95 % intervals; return the picture's path."""
    import matplotlib
    from matplotlib.figure import Figure

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "accuracy.svg"
    settings = list(dict.fromkeys(setting for block in summary.blocks for setting in block.settings))
    with matplotlib.rc_context({"svg.hashsalt": "transferbench", "svg.fonttype": "path", "font.size": 10}):
        count = len(summary.blocks)
        figure = Figure(figsize=(max(7.0, 5.2 * count), 4.4), layout="constrained")
        panels = figure.subplots(1, count, sharey=True, squeeze=False)[0]
        for axes, block in zip(panels, summary.blocks, strict=True):
            _panel(axes, block, settings)
        panels[0].set_ylabel("test accuracy, %")
        handles = {
            label: line for axes in panels for line, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(handles.values(), handles.keys(), loc="outside right center", frameon=False)
        figure.savefig(path, metadata={"Date": None})
    return path


def _panel(axes: Any, block: Block, settings: list[str]) -> None:
    from matplotlib.ticker import FuncFormatter, NullLocator

    for setting in block.settings:
        rows = [block.rows[setting, budget] for budget in block.budgets if (setting, budget) in block.rows]
        position = settings.index(setting)
        _curve(axes, rows, setting, COLOURS[position % len(COLOURS)], MARKERS[position % len(MARKERS)])
    counts = sorted({count for _, count in block.budgets})
    if counts[0] > 0:
        axes.set_xscale("log")
    else:  # no labels have no logarithm: even steps up to the first that has
        axes.set_xscale("symlog", linthresh=counts[1] if len(counts) > 1 else 1)
    axes.set_xticks(counts)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("labels (training and validation)")
    axes.set_title(block.title)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _curve(axes: Any, rows: list[Row], setting: str, colour: str, marker: str) -> None:
    counts = [row.n_labels for row in rows]
    axes.plot(
        counts, [row.accuracy.mean * 100 for row in rows], color=colour, marker=marker, markersize=5, label=setting
    )
    low = [max(0.0, row.accuracy.low * 100) for row in rows]
    high = [min(100.0, row.accuracy.high * 100) for row in rows]
    axes.fill_between(counts, low, high, color=colour, alpha=0.12, linewidth=0)
