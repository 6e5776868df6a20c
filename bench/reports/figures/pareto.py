"""Accuracy against training time, with the Pareto front."""

from pathlib import Path
from typing import Any

from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from bench.answers.pareto import Front, fronts
from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.reports.figures.drawing import drawn, legend_beside, legend_width, literal, look, plain_axes

AXES = ("accuracy", "training time")


def pareto_picture(summary: Summary, folder: Path) -> Path | None:
    """Draw each row's accuracy against its seconds, one panel per data set; return the picture's path.

    Null where there is no row.
    """
    shown = [front for front in summary.ask(fronts) if front.axes == AXES]
    if not shown:
        return None
    path = folder / "pareto.svg"
    settings = list(dict.fromkeys(row.setting for row in summary.rows))
    with drawn(path, 4.2 * len(shown) + legend_width(settings), 4.4) as figure:
        panels = figure.subplots(1, len(shown), sharey=True, squeeze=False)[0]
        for axes, front in zip(panels, shown, strict=True):
            _panel(axes, front, [row for row in summary.rows if row.dataset == front.dataset], settings)
        panels[0].set_ylabel("test accuracy, %")
        legend_beside(figure, panels)
    return path


def _panel(axes: Any, front: Front, rows: list[Row], settings: list[str]) -> None:
    for position, setting in enumerate(settings):
        mine = [row for row in rows if row.setting == setting]
        if mine:
            axes.plot(*_places(mine), label=literal(setting), linestyle="none", markersize=5, **look(position))
    axes.plot(*_places(list(front.rows)), drawstyle="steps-pre", color="#666666", linewidth=1, label="front", zorder=0)
    _scale(axes, [row.cold_s.mean for row in rows])
    axes.set_xlabel("seconds of a cell without caches")
    plain_axes(axes, front.dataset)


def _scale(axes: Any, seconds: list[float]) -> None:
    """Make seconds logarithmic, with plain figures at steps that leave room for them."""
    axes.set_xscale("log")
    least, most = min(seconds), max(seconds)
    steps = (1, 2, 5) if most < 100 * least else (1,)
    axes.xaxis.set_major_locator(LogLocator(subs=steps))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _places(rows: list[Row]) -> tuple[list[float], list[float]]:
    return [row.cold_s.mean for row in rows], [row.accuracy.mean * 100 for row in rows]
