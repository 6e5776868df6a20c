"""Rows are followed over baselines that can be held against the last."""

from typing import Any

import pytest

from bench.errors import BenchError
from bench.gate.history import follow
from bench.gate.samples import Side
from tests.material.measured import a_side, row

THROUGHPUT = "throughput_images_per_s"


def a_baseline(title: str, values: list[float], machine: str = "a processor", **changes: Any) -> Side:
    """A baseline of one row."""
    return a_side(row(values, THROUGHPUT, **changes), title, processor=machine)


def test_a_row_is_the_mean_over_the_seeds_that_all_have() -> None:
    """A seed that one lacks is counted in none."""
    found = follow([a_baseline("old", [100, 110, 400]), a_baseline("new", [200, 210])])
    (series,) = found.series
    assert [(point.baseline, point.value) for point in series.points] == [("old", 105), ("new", 205)]
    assert (found.quantity.name, series.seeds, found.baselines) == ("throughput", (0, 1), ("old", "new"))


def test_another_machine_is_left_out_by_name() -> None:
    """What the last one was measured on decides."""
    found = follow([a_baseline("there", [50, 51], "another"), a_baseline("here", [100, 101])])
    assert [point.baseline for point in found.series[0].points] == ["here"]
    (left_out,) = found.left_out
    assert left_out.baseline == "there"
    assert left_out.mismatches[0].text == "processor: another, 2 cores against a processor, 2 cores"


def test_accuracy_needs_no_machine() -> None:
    """As in a comparison."""
    sides = [a_side(row([0.9, 0.8]), "there", processor="another"), a_side(row([0.9, 0.8]), "here")]
    assert len(follow(sides, metric="accuracy").series[0].points) == 2


def test_a_change_is_marked_at_its_baseline() -> None:
    """A slowdown of a third after ten baselines."""
    sides = [a_baseline(f"{day:02}", [100 + day % 3, 102 + day % 2]) for day in range(10)]
    sides += [a_baseline(f"{day:02}", [66 + day % 3, 67 + day % 2]) for day in range(10, 20)]
    (series,) = follow(sides).series
    (shift,) = series.shifts
    assert (series.points[shift.at].baseline, shift.share < -0.3) == ("10", True)


def test_rows_are_picked_by_a_glob() -> None:
    """And one that fits nothing is told."""
    sides = [a_side([*row([0.9]), *row([0.8], budget="9 per class")], "main")]
    assert len(follow(sides, "*9 per class").series) == 1
    assert len(follow(sides).series) == 2
    with pytest.raises(BenchError, match="no row fits 'nothing'"):
        follow(sides, "nothing")
    assert follow([]).series == ()


def test_no_seed_in_common_is_told() -> None:
    """Nothing is averaged over other seeds."""
    first, second = row([100.0, 101.0], THROUGHPUT), row([100.0, 101.0, 99.0, 98.0], THROUGHPUT)
    found = follow([a_side(first, "old"), a_side(second[2:], "new")])
    assert [(each.baseline, each.mismatches) for each in found.left_out] == [("old", ())]
