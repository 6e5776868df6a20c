"""What a step is made of, where it was measured."""

import dataclasses
from pathlib import Path

import pytest

from tests.material.summaries import PROFILED, a_summary, render, section_of, table_of


def test_the_inside_of_a_step_is_shown_where_it_was_measured() -> None:
    headers, cells = table_of("step", a_summary(PROFILED))
    (row,) = cells
    shown = dict(zip(headers, row, strict=True))
    assert shown["method (initial weights)"] == "mlp_probe (supervised@glyphs)"
    assert (shown["data, ms"], shown["backward, ms"], shown["bound by"]) == ("0.5", "6.0", "compute")
    assert (shown["weights, MiB"], shown["activations, MiB"]) == ("1.5", "12.0")
    assert (shown["GFLOP, forward"], shown["MFU, %"]) == ("0.008", "12.5")
    assert (shown["latency of 1, ms"], shown["of 64, ms"]) == ("1.2", "20.0")
    assert shown["accuracy above chance per s, points"] == "25"


def test_a_solved_probe_has_dashes_for_the_parts_of_a_step() -> None:
    solved = dataclasses.replace(PROFILED, anatomy_ms=None, memory_mib_by_kind=None, bound_by=None, mfu=None)
    headers, (row,) = table_of("step", a_summary(solved))
    assert row.count("-") == 5 + 1 + 4 + 1
    assert dict(zip(headers, row, strict=True))["of 64, ms"] == "20.0"


def test_what_cannot_be_is_not_reliable_and_the_reason_stands_below() -> None:
    """No figure in its place; a line without a reason has a dash."""
    changes = {"mfu": None, "mfu_reason": "a step reaches 140 % of the peak", "bound_by": None}
    strange = dataclasses.replace(PROFILED, bound_by_reason="too few full batches", **changes)
    headers, (row,) = table_of("step", a_summary(strange))
    shown = dict(zip(headers, row, strict=True))
    assert (shown["MFU, %"], shown["bound by"]) == ("not reliable", "not reliable")
    assert section_of("step", a_summary(strange)).lines == (
        "test_resnet, mlp_probe (supervised@glyphs): bound by: too few full batches",
        "test_resnet, mlp_probe (supervised@glyphs): MFU: a step reaches 140 % of the peak",
    )
    assert section_of("step", a_summary(PROFILED)).lines == ()


@pytest.mark.parametrize("name", ["md", "html", "json"])
def test_a_reason_is_in_every_format(tmp_path: Path, name: str) -> None:
    strange = dataclasses.replace(PROFILED, forward_gflop=None, flop_reason="it calls aten::_fft_r2c")
    assert "it calls aten::_fft_r2c" in render(name, a_summary(strange), tmp_path)


def test_the_profile_is_that_of_the_largest_budget_that_has_one() -> None:
    larger = dataclasses.replace(PROFILED, cell_id="x", n_labels=500, budget="50 per class", latency_ms={"1": 9.0})
    _, cells = table_of("step", a_summary(PROFILED, larger))
    assert [row[-3] for row in cells] == ["9.0"]


def test_the_inside_of_a_step_is_left_out_where_nothing_was_profiled(tmp_path: Path) -> None:
    assert "## Inside a step" in render("md", a_summary(PROFILED), tmp_path)
    assert "Inside a step" not in render("md", a_summary(), tmp_path)
