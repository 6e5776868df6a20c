"""How many cells the axes of a suite come to, told before any is made. Pure."""

import math
from collections.abc import Iterator

from bench.schema import Grid, Suite
from bench.suites.yaml_marks import Marks


def size_problems(suite: Suite, most: int, marks: Marks) -> Iterator[str]:
    """Yield a line for each grid that has more combinations than all may have, or for all where they have together."""
    counts = [math.prod(axes_of(grid).values()) for grid in suite.grids]
    paths: list[tuple[object, ...]] = [("grid",), *(("include", place) for place in range(len(counts) - 1))]
    for grid, count, path in zip(suite.grids, counts, paths, strict=True):
        if count > most:
            yield f"{marks.at(path)}: {'.'.join(map(str, path))}: {_said(count, most)}; {_product(grid)}"
    if max(counts) <= most < sum(counts):
        yield f"{marks.at(('include',))}: include: with the grid {_said(sum(counts), most)}"


def axes_of(grid: Grid) -> dict[str, int]:
    """Return the length of each axis that can have several values."""
    return {
        "dataset": len(grid.datasets),
        "backbone": len(grid.backbones),
        "weights": len(grid.weights),
        "method": len(grid.methods),
        "label budgets": len(grid.budgets),
        "selection": len(grid.selections),
        "source": max(1, len(grid.sources)),
        "seed": len(grid.seeds),
        "subset_seed": len(grid.subset_seeds),
        "init_seed": len(grid.init_seeds),
        "order_seed": len(grid.order_seeds),
        "repeat": len(grid.repeats),
        "device": len(grid.devices),
        "precision": len(grid.precisions),
    }


def _said(count: int, most: int) -> str:
    return f"{count:,} cells before exclude, more than {most:,}; ask for fewer, or raise max_cells in the suite"


def _product(grid: Grid) -> str:
    return " x ".join(f"{length:,} {axis}" for axis, length in axes_of(grid).items() if length > 1)
