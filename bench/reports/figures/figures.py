"""Pictures of a summary, the same bytes for the same numbers."""

from pathlib import Path
from typing import Any

from bench.answers.rows.rows import Row
from bench.answers.summary import Block, Summary

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
"""Told apart by colour-blind readers too (Okabe and Ito, 2008)."""
MARKERS = "osD^vPX*"
PANELS = 12
"""Tables that a picture has room for."""


def accuracy_curves(summary: Summary, folder: Path) -> Path:
    """Draw accuracy against labels, one panel per block, bands for the 95 % intervals; return the picture's path."""
    import matplotlib
    from matplotlib.figure import Figure

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "accuracy.svg"
    blocks = summary.blocks[:PANELS]
    settings = list(dict.fromkeys(setting for block in blocks for setting in block.settings))
    with matplotlib.rc_context({"svg.hashsalt": "transferbench", "svg.fonttype": "path", "font.size": 10}):
        count = len(blocks)
        legend = 0.7 + 0.075 * max((len(setting) for setting in settings), default=0)
        figure = Figure(figsize=(4.2 * max(1, count) + legend, 4.4), layout="constrained")
        panels = figure.subplots(1, count, sharey=True, squeeze=False)[0]
        for axes, block in zip(panels, blocks, strict=True):
            _panel(axes, block, settings)
        panels[0].set_ylabel("test accuracy, %")
        handles = {
            label: line for axes in panels for line, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(handles.values(), handles.keys(), loc="outside right center", frameon=False)
        figure.savefig(path, metadata={"Date": None})
    return path


def sensitivity_curves(summary: Summary, folder: Path) -> Path | None:
    """Draw validation accuracy against the learning rates that were tried, one panel per block, at the largest budget.

    Return the picture's path; null where fewer than two rates were tried.
    """
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullFormatter

    lines = {
        block.title: [row for row in block.ordered if row.tried and len(row.tried.by_learning_rate) > 1]
        for block in summary.blocks[:PANELS]
    }
    lines = {title: _largest(rows) for title, rows in lines.items() if rows}
    if not lines:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "sensitivity.svg"
    with matplotlib.rc_context({"svg.hashsalt": "transferbench", "svg.fonttype": "path", "font.size": 10}):
        figure = Figure(figsize=(max(7.0, 5.2 * len(lines)), 4.4), layout="constrained")
        panels = figure.subplots(1, len(lines), sharey=True, squeeze=False)[0]
        for axes, (title, rows) in zip(panels, lines.items(), strict=True):
            for position, row in enumerate(rows):
                assert row.tried is not None
                rates, accuracies = zip(*row.tried.by_learning_rate, strict=True)
                style = {"color": COLOURS[position % len(COLOURS)], "marker": _marker(position)}
                axes.plot(rates, [each * 100 for each in accuracies], label=literal(row.setting), **style)
            axes.set_xscale("log")
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.set_xlabel("learning rate")
            axes.set_title(literal(title))
            axes.grid(alpha=0.25)
            axes.spines[["top", "right"]].set_visible(False)
            axes.legend(frameon=False, fontsize=8)
        panels[0].set_ylabel("validation accuracy, %")
        figure.savefig(path, metadata={"Date": None})
    return path


def literal(name: str) -> str:
    """Return a name as it is to be drawn: dollars would make a formula of it."""
    return name.replace("$", r"\$")


def _marker(position: int) -> str:
    """Return the marker of a setting: another one where the colours begin anew."""
    return MARKERS[(position + position // len(COLOURS)) % len(MARKERS)]


def _largest(rows: list[Row]) -> list[Row]:
    """Return the row of each setting at its largest budget."""
    return list({row.setting: row for row in sorted(rows, key=lambda row: row.n_labels)}.values())


def _panel(axes: Any, block: Block, settings: list[str]) -> None:
    from matplotlib.ticker import FuncFormatter, NullLocator

    for setting in block.settings:
        rows = [block.rows[setting, budget] for budget in block.budgets if (setting, budget) in block.rows]
        position = settings.index(setting)
        _curve(axes, rows, setting, COLOURS[position % len(COLOURS)], _marker(position))
    counts = sorted({count for _, count in block.budgets})
    if counts[0] > 0:
        axes.set_xscale("log")
    else:  # no labels have no logarithm: even steps up to the first that has
        axes.set_xscale("symlog", linthresh=counts[1] if len(counts) > 1 else 1)
    axes.set_xticks(counts)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("labels (training and validation)")
    axes.set_title(literal(block.title))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _curve(axes: Any, rows: list[Row], setting: str, colour: str, marker: str) -> None:
    counts = [row.n_labels for row in rows]
    axes.plot(
        counts,
        [row.accuracy.mean * 100 for row in rows],
        color=colour,
        marker=marker,
        markersize=5,
        label=literal(setting),
    )
    low = [max(0.0, row.accuracy.low * 100) for row in rows]
    high = [min(100.0, row.accuracy.high * 100) for row in rows]
    axes.fill_between(counts, low, high, color=colour, alpha=0.12, linewidth=0)
