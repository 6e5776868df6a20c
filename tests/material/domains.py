"""Printed digits as a labelled source and handwritten ones as the target: tasks of seconds."""

from pathlib import Path
from typing import Any

import torch

from bench.catalog import METHODS
from bench.contracts.data import Places
from bench.contracts.training import Task
from bench.schema import Cell
from bench.suites.choices import make
from tests.material import tiny

SUITE = """\
name: domains
dataset: digits
image_size: 32
grid:
  backbone: [test_resnet]
  weights: [random]
  source: [{{name: glyphs, characters: digits, train_images: 200, test_images: 62}}]
  method: [{method}]
  {budget}
train: {{steps: {steps}, batch_size: 16, checkpoints: 2, learning_rate: 0.002, head_learning_rate: 0.01}}
threads: 1
"""
NO_LABELS = "fraction: [0]"
SOME_LABELS = "labels_per_class: [6]"
FROM_SOURCE = ("source_only", "{name: subspace_alignment, dimensions: 20}", "coral", "mmd", "dann", "cdan", "mcc")
AT_TEST_TIME = ("bn_adapt", "tent", "memo")
ON_SOURCE = tuple(f"{{name: {name}, base: source_only}}" for name in AT_TEST_TIME)


def cell_of(folder: Path, method: str, budget: str = NO_LABELS, steps: int = 4) -> Cell:
    """Return the one cell of a method."""
    path = tiny.write_suite(folder, SUITE.format(method=method, budget=budget, steps=steps))
    (cell,) = tiny.cells_of(path)
    return cell


def task_for(folder: Path, places: Places, method: str, budget: str = NO_LABELS, steps: int = 4) -> tuple[Any, Task]:
    """Return a method and its task."""
    cell = cell_of(folder, method, budget, steps)
    return make(METHODS, cell.method), tiny.task_of(cell, places)[0]


def rows(count: int, width: int, seed: int = 0) -> torch.Tensor:
    """Return random rows (N, D)."""
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))
