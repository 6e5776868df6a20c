"""A small grid, the methods and budgets that may be in one, and a machine to expand it for."""

import dataclasses
from typing import Any

from bench.schema import Budget, Choice, Grid, Suite
from bench.suites.plan import Resolved

MEASURED = "measured: bfloat16 is slower here"
HERE = Resolved(lambda device: "cpu" if device == "auto" else device, 1, lambda *_: ("fp32", MEASURED))
GRID = Grid(
    datasets=(Choice("digits"),),
    backbones=("test_resnet",),
    weights=("supervised@glyphs", "random"),
    methods=(Choice("linear_probe"), Choice("finetune")),
    budgets=(Budget("labels_per_class", 1), Budget("labels_per_class", 10)),
    seeds=(0, 1),
    devices=("auto",),
    precisions=("fp32",),
)
METHODS = [
    Choice("scratch"),
    Choice("linear_probe"),
    Choice("linear_probe", {"default_l2": 5.0}),
    Choice("mlp_probe", {"steps": 20}),
    Choice("partial_finetune", {"stages": 2}),
    Choice("finetune"),
]
BUDGETS = [Budget("fraction", 0.1), Budget("fraction", 1.0), Budget("labels_per_class", 5), Budget("labels", 200)]


def a_suite(*grids: Grid, **changes: Any) -> Suite:
    """A suite of some grids, of the one above where none is given."""
    suite = Suite("example", "", "", grids or (GRID,), (), 32, {})
    return dataclasses.replace(suite, **changes)
