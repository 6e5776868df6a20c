"""Which rows no other row beats on all that is asked for: the Pareto front. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from bench.answers.rows.rows import Row
from bench.answers.summary import Summary

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """Something that a reader pays, or gets."""

    name: str
    unit: str
    better: int
    """1 where more is better, -1 where less is."""
    of: Callable[[Row], float | None]
    """The figure of a row; null where it was not measured."""


AXES: Mapping[str, Axis] = {
    axis.name: axis
    for axis in (
        Axis("accuracy", "share of test images", 1, lambda row: row.accuracy.mean),
        Axis("labels", "images", -1, lambda row: float(row.n_labels)),
        Axis("training time", "s", -1, lambda row: row.cold_s.mean),
        Axis("memory", "MiB", -1, lambda row: row.memory_mib),
        Axis("latency", "ms", -1, lambda row: row.latency_1_ms),
    )
}
"""Seconds are those of a cell that finds no cache, memory is the peak of the row's device, latency is of one image."""


@dataclass(frozen=True)
class Front:
    """The rows of a data set that no other row beats on some axes, best on the first axis first."""

    dataset: str
    axes: tuple[str, ...]
    rows: tuple[Row, ...]
    compared: int
    """Rows that have a figure on each of the axes."""
    left_out: int
    """Rows that lack one."""


def fronts(summary: Summary) -> tuple[Front, ...]:
    """Return the fronts of the summary's rows."""
    return fronts_of(summary.rows)


def fronts_of(rows: Sequence[Row]) -> tuple[Front, ...]:
    """Return the front over all axes, then over each pair of them, for each data set.

    An axis on which no row has a figure is left aside.
    """
    found = []
    for dataset in dict.fromkeys(row.dataset for row in rows):
        mine = [row for row in rows if row.dataset == dataset]
        measured = [name for name, axis in AXES.items() if any(axis.of(row) is not None for row in mine)]
        choices = [tuple(measured), *(combinations(measured, 2) if len(measured) > 2 else ())]
        found += [_front(dataset, axes, mine) for axes in choices]
    return tuple(found)


def _front(dataset: str, axes: tuple[str, ...], rows: Sequence[Row]) -> Front:
    figures = [[AXES[name].of(row) for name in axes] for row in rows]
    kept = [position for position, values in enumerate(figures) if None not in values]
    signs = np.array([AXES[name].better for name in axes], np.float64)
    goods = np.array([figures[position] for position in kept], np.float64).reshape(-1, len(axes)) * signs
    members = tuple(rows[kept[member]] for member in unbeaten(goods))
    return Front(dataset, axes, members, len(kept), len(rows) - len(kept))


def unbeaten(goods: Matrix) -> list[int]:
    """Return the positions of the points (N, A) that no other point beats, best on the first axis first.

    More is better on each axis. One point beats another where it is at least as good on each and better on one
    (Pareto, 1906), so that points which are equal stand or fall together.
    """
    found: list[int] = []
    waiting = np.lexsort(-goods.T[::-1])
    while len(waiting):
        # nothing that is left or was found beats the lexicographically largest of what is left
        best, points = goods[waiting[0]], goods[waiting]
        found += waiting[(points == best).all(1)].tolist()
        waiting = waiting[~(points <= best).all(1)]
    return found
