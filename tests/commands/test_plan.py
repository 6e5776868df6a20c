"""`bench plan`: the cells, what is done, what is missing, and what its options choose."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.commands.plan import listed
from bench.machine.devices import cores
from tests.material import tiny
from tests.material.command_line import PROBE, QUICK, Command


def test_plan_json_tells_the_state_of_each_cell(bench: Command, suite: Path) -> None:
    """Done, to run, and what is missing."""
    bench("run", suite, *PROBE, *QUICK)
    weights = ("--set", "grid.weights=[random, pretrained]")
    rows = bench("plan", suite, "--limit", "60", "--device", "cpu", "--json", *weights).json
    assert [row["state"] for row in rows].count("ok") == 1
    lacking = [row for row in rows if row["missing"]]
    assert len(lacking) == 4
    assert all(row["missing"] == ["weights test_resnet pretrained"] for row in lacking)


def test_filters_must_all_hold_and_take_globs(bench: Command, suite: Path) -> None:
    """Several globs of one filter are alternatives."""

    def count(*filters: str) -> int:
        flags = [part for text in filters for part in ("--filter", text)]
        return len(bench("plan", suite, "--device", "cpu", "--json", *flags).json)

    assert count("method=*tune") == 2
    assert count("method=scratch,linear_*") == 4
    assert count("method=*tune", "labels_per_class=6") == 1


def test_workers_are_a_number_or_left_to_the_machine(bench: Command, suite: Path) -> None:
    """A suite that gives its threads needs no trial; other threads make other cells."""
    suite.write_text(tiny.SUITE.replace("threads: 1\n", ""))
    first, second = (bench("plan", suite, "--device", "cpu", "--workers", count).out for count in (1, 64))
    assert (first == second) is (cores() == 1)
    given = bench("plan", suite, "--device", "cpu", "--workers", "auto", "--set", "threads=1")
    assert (given.code, given.err) == (0, "")


@pytest.mark.parametrize("rows", [[], [{"a": []}], [{"a": ["x\ny"], "b": {"c": None}}, {}, {"d": "ü"}]])
def test_rows_that_are_written_one_by_one_are_the_json_of_all(rows: list[dict[str, Any]]) -> None:
    """However many there are, none is kept."""
    assert "\n".join(listed(iter(rows))) == json.dumps(rows, indent=1)
