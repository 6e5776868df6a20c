"""How rows moved over the baselines, as a picture."""

from pathlib import Path

from bench.gate.history import History
from bench.gate.samples import label, shared_parts
from bench.reports.figures.drawing import COLOURS, MARKERS, drawn


def draw(history: History, path: Path) -> None:
    """Draw each row over the baselines, a dashed line at each change point."""
    names = list(history.baselines)
    shared = shared_parts(series.row for series in history.series)
    with drawn(path, max(7.0, 0.4 * len(names) + 5), 4.4) as picture:
        axes = picture.subplots()
        for place, series in enumerate(history.series):
            colour = COLOURS[place % len(COLOURS)]
            at = [names.index(point.baseline) for point in series.points]
            values = [point.value for point in series.points]
            axes.plot(at, values, color=colour, marker=MARKERS[place % len(MARKERS)], label=label(series.row, shared))
            for shift in series.shifts:
                # between the last point of the old level and the first of the new one
                axes.axvline(at[shift.at] - 0.5, color=colour, linestyle="--", linewidth=1)
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
        axes.set_ylabel(f"{history.quantity.name}, {history.quantity.unit}".rstrip(", "))
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
        if history.series:
            picture.legend(frameon=False, fontsize=8, loc="outside right center")
