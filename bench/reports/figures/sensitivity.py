"""Validation accuracy against the learning rates that were tried."""

from pathlib import Path
from typing import Any

from matplotlib.ticker import NullFormatter

from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.reports.figures.drawing import PANELS, drawn, literal, look, plain_axes


def sensitivity_curves(summary: Summary, folder: Path) -> Path | None:
    """Draw one panel per block, at the largest budget.

    Return the picture's path; null where fewer than two rates were tried.
    """
    tried = {
        block.title: [row for row in block.ordered if row.tried and len(row.tried.by_learning_rate) > 1]
        for block in summary.blocks[:PANELS]
    }
    lines = {title: _largest(rows) for title, rows in tried.items() if rows}
    if not lines:
        return None
    path = folder / "sensitivity.svg"
    with drawn(path, max(7.0, 5.2 * len(lines)), 4.4) as figure:
        panels = figure.subplots(1, len(lines), sharey=True, squeeze=False)[0]
        for axes, (title, rows) in zip(panels, lines.items(), strict=True):
            _panel(axes, title, rows)
        panels[0].set_ylabel("validation accuracy, %")
    return path


def _panel(axes: Any, title: str, rows: list[Row]) -> None:
    for position, row in enumerate(rows):
        assert row.tried is not None
        rates, accuracies = zip(*row.tried.by_learning_rate, strict=True)
        axes.plot(rates, [each * 100 for each in accuracies], label=literal(row.setting), **look(position))
    axes.set_xscale("log")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("learning rate")
    plain_axes(axes, title)
    axes.legend(frameon=False, fontsize=8)


def _largest(rows: list[Row]) -> list[Row]:
    """Return the row of each setting at its largest budget."""
    return list({row.setting: row for row in sorted(rows, key=lambda row: row.n_labels)}.values())
