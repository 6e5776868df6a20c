"""Several runs as one: comparable or refused by name, and no figure counted twice."""

import dataclasses
from typing import Any

import pytest

from bench.answers.joining import EQUAL, Run, join
from bench.answers.summary import summarise
from bench.errors import Exit, NotComparable
from bench.records.record import Record
from tests.material.examples import a_record

HERE = {"machine": {"processor": "here", "cores": 2, "gpu": None}}
THERE = {"machine": {"processor": "there", "cores": 64, "gpu": None}}


def run(name: str, *records: Record, **manifest: Any) -> Run:
    """A run of some records."""
    return Run(name, {record.cell_id: record for record in records}, {"suite": name, "environments": HERE, **manifest})


def measured(**changes: Any) -> Record:
    """A record with all that must agree."""
    return a_record(**{"test_sha256": "t" * 64, "n_classes": 10, "finished_at": "2026-01-01", **changes})


@pytest.mark.parametrize(
    "change",
    [
        {"dataset_fingerprint": "other"},
        {"test_sha256": "other"},
        {"image_size": 64},
        {"limit": 100},
        {"n_classes": 2},
    ],
    ids=lambda change: next(iter(change)),
)
def test_runs_that_see_a_data_set_differently_are_refused_with_the_field(change: dict[str, Any]) -> None:
    """By its name, both values, both runs; exit code 5."""
    field = next(iter(change))
    assert field in EQUAL
    with pytest.raises(NotComparable) as refused:
        join([run("a", measured()), run("b", measured(cell_id="other", **change))])
    assert refused.value.exit_code == Exit.NOT_COMPARABLE
    for part in (field, "digits", " in a", " in b", str(next(iter(change.values())))[:12]):
        assert part in str(refused.value)


def test_another_data_set_may_differ_in_all_of_them() -> None:
    other = measured(cell_id="o", dataset="glyphs", dataset_fingerprint="o", test_sha256="o", image_size=64)
    assert len(join([run("a", measured()), run("b", other)]).records) == 2


@pytest.mark.parametrize(
    "change",
    [{"device": "cuda"}, {"precision": "bf16"}, {"threads": 2}, {"weights_sha256": "b"}, {"method": "finetune"}],
    ids=lambda change: next(iter(change)),
)
def test_what_else_differs_makes_other_rows(change: dict[str, Any]) -> None:
    joined = join([run("a", measured()), run("b", measured(cell_id="other", **change))])
    assert len(summarise(joined.records, joined.manifest).rows) == 2


def test_seeds_of_two_runs_on_alike_machines_are_one_row() -> None:
    joined = join([run("a", measured()), run("b", measured(cell_id="other", seed=1))])
    (row,) = summarise(joined.records, joined.manifest).rows
    assert row.accuracy.n == 2


def test_cell_that_was_measured_again_counts_once_and_the_latest_holds() -> None:
    """And it is said."""
    later = measured(accuracy=0.5, finished_at="2026-02-01")
    for runs in ([run("a", measured()), run("b", later)], [run("a", later), run("b", measured())]):
        joined = join(runs)
        assert [record.accuracy for record in joined.records] == [0.5]
        assert joined.notes == ("1 cell was measured in several of the runs; the latest record of each counts.",)


def test_copy_of_a_run_adds_nothing_and_says_nothing() -> None:
    joined = join([run("a", measured()), run("b", measured())])
    assert len(joined.records) == 1
    assert joined.notes == ()


def test_same_cell_on_two_machines_is_two_rows_that_find_their_own_predictions() -> None:
    joined = join([run("a", measured()), run("b", measured(env="far"), environments={"far": THERE["machine"]})])
    rows = summarise(joined.records, joined.manifest).rows
    assert {row.machine for row in rows} == {"here, 2 cores", "there, 64 cores"}
    cells = [cell for row in rows for cell in row.cells.values()]
    cell = measured().cell_id
    assert {joined.homes[each] for each in cells} == {("a", cell), ("b", cell)}


def test_same_cell_with_other_weights_is_two_rows() -> None:
    """Weights that were trained twice have other bits."""
    joined = join([run("a", measured()), run("b", measured(weights_sha256="b" * 64))])
    assert len({record.cell_id for record in joined.records}) == 2


def test_cell_that_failed_in_one_run_has_its_number_from_the_other() -> None:
    failed = measured(status="oom", accuracy=None, finished_at="2026-03-01")
    joined = join([run("a", failed), run("b", measured())])
    assert [record.status for record in joined.records] == ["ok"]
    both = join([run("a", failed), run("b", dataclasses.replace(failed, finished_at="2026-04-01"))])
    assert len(both.records) == 1


def test_plans_are_joined_and_what_lacks_is_counted() -> None:
    mine, other = measured(), measured(cell_id="other", seed=1)
    joined = join([run("a", mine, cells=[mine.cell_id, "x"]), run("b", other, cells=["other", "x", "y"])])
    assert summarise(joined.records, joined.manifest).missing == 2
    assert summarise(joined.records, joined.manifest).suite == "a + b"


def test_record_on_another_machine_is_part_of_the_plan_too() -> None:
    mine = measured()
    far = run("b", measured(env="far"), environments={"far": THERE["machine"]}, cells=[mine.cell_id])
    joined = join([run("a", mine, cells=[mine.cell_id]), far])
    assert len(summarise(joined.records, joined.manifest).rows) == 2
    assert summarise(joined.records, joined.manifest).missing == 0


def test_run_without_a_plan_leaves_no_plan() -> None:
    joined = join([run("a", measured(), cells=[measured().cell_id]), run("b", measured(cell_id="other", seed=1))])
    assert joined.manifest["cells"] is None
    assert summarise(joined.records, joined.manifest).missing == 0
