"""Accuracy against labels."""

from pathlib import Path
from typing import Any

from matplotlib.ticker import FuncFormatter, NullLocator

from bench.answers.blocks import Block
from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.reports.figures.drawing import PANELS, drawn, legend_beside, legend_width, literal, look, plain_axes


def accuracy_curves(summary: Summary, folder: Path) -> Path | None:
    """Draw one panel per block, bands for the 95 % intervals; return the picture's path, null without rows."""
    if not summary.rows:
        return None
    path = folder / "accuracy.svg"
    blocks = summary.blocks[:PANELS]
    settings = list(dict.fromkeys(setting for block in blocks for setting in block.settings))
    with drawn(path, 4.2 * len(blocks) + legend_width(settings), 4.4) as figure:
        panels = figure.subplots(1, len(blocks), sharey=True, squeeze=False)[0]
        for axes, block in zip(panels, blocks, strict=True):
            _panel(axes, block, settings)
        panels[0].set_ylabel("test accuracy, %")
        legend_beside(figure, panels)
    return path


def _panel(axes: Any, block: Block, settings: list[str]) -> None:
    for setting, rows in block.by_setting.items():
        _curve(axes, rows, setting, look(settings.index(setting)))
    counts = sorted({count for _, count in block.budgets})
    if counts[0] > 0:
        axes.set_xscale("log")
    else:  # no labels have no logarithm: even steps up to the first that has
        axes.set_xscale("symlog", linthresh=counts[1] if len(counts) > 1 else 1)
    axes.set_xticks(counts)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("labels (training and validation)")
    plain_axes(axes, block.title)


def _curve(axes: Any, rows: list[Row], setting: str, style: dict[str, Any]) -> None:
    counts = [row.n_labels for row in rows]
    axes.plot(counts, [row.accuracy.mean * 100 for row in rows], markersize=5, label=literal(setting), **style)
    # the interval of Student's t knows nothing of the range of an accuracy
    low = [max(0.0, row.accuracy.low * 100) for row in rows]
    high = [min(100.0, row.accuracy.high * 100) for row in rows]
    axes.fill_between(counts, low, high, color=style["color"], alpha=0.12, linewidth=0)
