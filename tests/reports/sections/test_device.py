"""Compile time and the GPU's state, where they were measured."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from bench.records.record import Record
from tests.material.examples import a_record
from tests.material.summaries import a_summary, render, section_of, summary_of, table_of

SNAPSHOT: dict[str, Any] = {
    "sm_mhz": 1980,
    "memory_mhz": 2619,
    "celsius": 41,
    "watts": 312.6,
    "joules": 9e6,
    "throttled_by": ["power cap"],
    "other_processes": 1,
}


def on_gpu(**changes: Any) -> Record:
    """The record of a cell on a GPU that tells everything."""
    made = a_record(
        device="cuda",
        peak_cuda_allocated_mib=1200.0,
        peak_cuda_reserved_mib=1500.0,
        cuda_device_used_mib=2100.0,
        compile_s=31.25,
        gpu_state={"before": {**SNAPSHOT, "throttled_by": []}, "after": SNAPSHOT, "joules": 4321.0, "others": 1},
    )
    return dataclasses.replace(made, **changes)


def test_all_that_was_measured_of_the_gpu_is_shown() -> None:
    headers, (row,) = table_of("device", summary_of(on_gpu()))
    assert dict(zip(headers, row, strict=True)) == {
        "backbone": "test_resnet",
        "method (initial weights)": "linear_probe (supervised@glyphs)",
        "compiling, s": "31.2",
        "allocated, MiB": "1,200",
        "reserved, MiB": "1,500",
        "in use, MiB": "2,100",
        "SM clock, MHz": "1,980",
        "memory clock, MHz": "2,619",
        "°C": "41",
        "W": "313",
        "J in training": "4,321",
        "held back by": "power cap (1 of 1)",
        "other processes": "1",
    }


def test_a_column_stands_there_where_any_row_has_a_value() -> None:
    """On a processor torch compiles as well; who did not compile has no line."""
    headers, cells = table_of("device", a_summary(a_record(cell_id="x", method="mlp_probe", compile_s=2.5)))
    assert list(headers) == ["backbone", "method (initial weights)", "compiling, s"]
    assert [list(row) for row in cells] == [["test_resnet", "mlp_probe (supervised@glyphs)", "2.5"]]


def test_a_row_without_a_value_has_a_dash() -> None:
    """A slice of a GPU that tells no power, and no throttling; another row whose clocks nothing held back."""
    told = {**SNAPSHOT, "throttled_by": []}
    free = on_gpu(gpu_state={"before": told, "after": told, "joules": 1.0, "others": 0}, compile_s=None)
    untold = {**SNAPSHOT, "watts": None, "throttled_by": None, "other_processes": None}
    state = {"before": untold, "after": untold, "joules": None, "others": None}
    headers, cells = table_of("device", summary_of(free, on_gpu(method="mlp_probe", compile_s=None, gpu_state=state)))
    assert "compiling, s" not in headers
    first, second = (dict(zip(headers, row, strict=True)) for row in cells)
    if first["method (initial weights)"].startswith("mlp"):
        first, second = second, first
    shown = ("W", "J in training", "held back by", "other processes")
    assert [first[name] for name in shown] == ["313", "1", "nothing", "0"]
    assert [second[name] for name in shown] == ["-", "-", "-", "-"]


@pytest.mark.parametrize("name", ["md", "html"])
def test_the_section_is_left_out_where_nothing_was_measured(tmp_path: Path, name: str) -> None:
    """As on a processor without compiling."""
    assert "Compiling and the GPU" in render(name, summary_of(on_gpu()), tmp_path)
    assert "Compiling and the GPU" not in render(name, a_summary(), tmp_path)
    assert section_of("device", a_summary()).tables == ()
