"""What all pictures share: colours, markers, and files that are the same bytes for the same numbers."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from bench.machine.writing import stream

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
"""Told apart by colour-blind readers too (Okabe and Ito, 2008)."""
MARKERS = "osD^vPX*"
PANELS = 12
"""Tables that a picture has room for."""


@contextlib.contextmanager
def drawn(path: Path, width: float, height: float, font_size: int = 10) -> Iterator[Figure]:
    """Give a figure of a size in inches, and write it as SVG once the block has filled it.

    Neither the date nor a random salt stands in the file, and letters are outlines: it looks the same everywhere.
    """
    with matplotlib.rc_context({"svg.hashsalt": "transferbench", "svg.fonttype": "path", "font.size": font_size}):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        with stream(path) as file:
            figure.savefig(file, metadata={"Date": None}, format="svg")  # whatever the file is called


def literal(name: str) -> str:
    """Return a name as it is to be drawn: dollars would make a formula of it."""
    return name.replace("$", r"\$")


def look(position: int) -> dict[str, Any]:
    """Return colour and marker of a setting, by its position: another marker where the colours begin anew."""
    marker = MARKERS[(position + position // len(COLOURS)) % len(MARKERS)]
    return {"color": COLOURS[position % len(COLOURS)], "marker": marker}


def plain_axes(axes: Any, title: str) -> None:
    """Head a panel, and leave out what is no figure."""
    axes.set_title(literal(title))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def legend_beside(figure: Figure, panels: Any) -> None:
    """Put one legend for all panels to their right."""
    handles = {label: line for axes in panels for line, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles.keys(), loc="outside right center", frameon=False)


def legend_width(settings: list[str]) -> float:
    """Return the inches that a legend of these names takes."""
    # a figure of one width would press the panels together beside long names
    return 0.7 + 0.075 * max((len(setting) for setting in settings), default=0)
