"""Sides of a comparison, made of small real records."""

from collections.abc import Iterable, Sequence
from typing import Any

from bench.gate.compare import Comparison, compare
from bench.gate.rules import parse_rules
from bench.gate.samples import Side, side_of
from bench.records.record import Record
from tests.material.examples import a_record

MACHINE: dict[str, Any] = {
    "processor": "a processor",
    "cores": 2,
    "gpu": None,
    "python": "3.11.7",
    "packages": {"torch": "2.15.0", "numpy": "2.4.6", "transferbench": "0.1.0", "matplotlib": "3.11.2"},
    "torch_build": "2.15.0+cpu",
    "commit": "0" * 40,
}
GPU = {"name": "a GPU", "memory_gib": 80.0, "cuda": "13.2", "cudnn": 91900, "driver": "590.1"}
SETTLED = {
    "batch_effective": 40,
    "determinism": {"fp32_precision": "ieee", "cudnn_benchmark": False},
    "rss_method": "VmHWM",
    "executor": "process",
    "test_sha256": "e" * 64,
    "subset_sha256": "b" * 64,
    "features_s": 2.5,
    "finished_at": "2026-11-01T12:00:00+00:00",
}
"""What a run fills in beside what `a_record` has."""


def a_cell_record(seed: int, **changes: Any) -> Record:
    """The record of a cell of one row."""
    return a_record(**{**SETTLED, "cell_id": f"{seed}-{sorted(changes.items())}", "seed": seed, **changes})


def row(values: Iterable[float | None], field: str = "accuracy", **changes: Any) -> list[Record]:
    """Records of one row whose seeds have these values in a field."""
    return [a_cell_record(seed, **{field: value, **changes}) for seed, value in enumerate(values)]


def a_side(records: Sequence[Record], title: str = "side", **machine: Any) -> Side:
    """Records of one machine as a side."""
    return side_of(title, records, {"machine": {**MACHINE, **machine}})


def judged(base: Sequence[Record], new: Sequence[Record], rule: str, allowed: Sequence[str] = ()) -> Comparison:
    """Compare records of one machine by one rule."""
    return compare(a_side(base, "base"), a_side(new, "new"), parse_rules([rule]), allowed)
