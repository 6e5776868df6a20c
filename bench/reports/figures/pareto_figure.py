"""Accuracy against training time with the Pareto front, the same bytes for the same numbers."""

from pathlib import Path
from typing import Any

from bench.answers.pareto import Front
from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.reports.figures.figures import COLOURS, MARKERS, literal

AXES = ("accuracy", "training time")


def pareto_picture(summary: Summary, folder: Path) -> Path | None:
    """Draw each row's accuracy against its seconds, one panel per data set; return the picture's path.

    Null where there is no row.
    """
    import matplotlib
    from matplotlib.figure import Figure

    fronts = [front for front in summary.fronts if front.axes == AXES]
    if not fronts:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "pareto.svg"
    settings = list(dict.fromkeys(row.setting for row in summary.rows))
    with matplotlib.rc_context({"svg.hashsalt": "transferbench", "svg.fonttype": "path", "font.size": 10}):
        legend = 0.7 + 0.075 * max(len(setting) for setting in settings)
        figure = Figure(figsize=(4.2 * len(fronts) + legend, 4.4), layout="constrained")
        panels = figure.subplots(1, len(fronts), sharey=True, squeeze=False)[0]
        for axes, front in zip(panels, fronts, strict=True):
            _panel(axes, front, [row for row in summary.rows if row.dataset == front.dataset], settings)
        panels[0].set_ylabel("test accuracy, %")
        handles = {
            label: dots for axes in panels for dots, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(handles.values(), handles.keys(), loc="outside right center", frameon=False)
        figure.savefig(path, metadata={"Date": None})
    return path


def _panel(axes: Any, front: Front, rows: list[Row], settings: list[str]) -> None:
    for position, setting in enumerate(settings):
        mine = [row for row in rows if row.setting == setting]
        marker = MARKERS[(position + position // len(COLOURS)) % len(MARKERS)]
        style = {"color": COLOURS[position % len(COLOURS)], "marker": marker, "linestyle": "none", "markersize": 5}
        if mine:
            axes.plot(*_places(mine), label=literal(setting), **style)
    axes.plot(*_places(list(front.rows)), drawstyle="steps-pre", color="#666666", linewidth=1, label="front", zorder=0)
    _scale(axes, [row.cold_s.mean for row in rows])
    axes.set_xlabel("seconds of a cell without caches")
    axes.set_title(literal(front.dataset))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _scale(axes: Any, seconds: list[float]) -> None:
    """Make seconds logarithmic, with plain figures at steps that leave room for them."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    least, most = min(seconds), max(seconds)
    steps = (1, 2, 5) if most < 100 * least else (1,)
    axes.xaxis.set_major_locator(LogLocator(subs=steps))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _places(rows: list[Row]) -> tuple[list[float], list[float]]:
    return [row.cold_s.mean for row in rows], [row.accuracy.mean * 100 for row in rows]
