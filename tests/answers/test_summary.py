"""From records to rows: only seeds are averaged over, and nothing is lost on the way."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.answers.notes import notes
from bench.answers.summary import summarise
from bench.schema import Choice
from tests.material.examples import a_cell, a_record
from tests.material.summaries import OTHERS, summary_of


def test_cells_that_differ_in_their_seed_are_one_row() -> None:
    summary = summary_of(*(a_record(seed=seed, accuracy=accuracy) for seed, accuracy in [(2, 0.8), (0, 0.9), (1, 1.0)]))
    (row,) = summary.rows
    assert row.seeds == (0, 1, 2)
    assert (row.accuracy.n, row.accuracy.mean) == (3, pytest.approx(0.9))


@pytest.mark.parametrize("name", OTHERS)
def test_cells_that_differ_in_anything_else_are_never_one_row(name: str) -> None:
    summary = summary_of(a_record(), a_record(**{name: OTHERS[name]}))
    assert [row.accuracy.n for row in summary.rows] == [1, 1]


@pytest.mark.parametrize("changes", [{"threads": 2}, {"deterministic": False}, {"image_size": 64}])
def test_cells_with_other_identities_are_never_one_row(changes: dict[str, Any]) -> None:
    assert len(summary_of(a_record(a_cell()), a_record(a_cell(**changes))).rows) == 2


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(sorted(OTHERS)), max_size=4, unique=True), st.integers(1, 4))
def test_every_finished_record_is_in_exactly_one_row(names: list[str], seeds: int) -> None:
    records = [a_record(seed=seed) for seed in range(seeds)]
    records += [a_record(**{name: OTHERS[name]}) for name in names]
    assert sum(row.accuracy.n for row in summary_of(*records).rows) == len(records)


def test_methods_with_several_sets_of_parameters_are_told_apart() -> None:
    methods = [Choice("linear_probe"), Choice("linear_probe", {"solver": "gradient"}), Choice("finetune", {"steps": 5})]
    summary = summary_of(*(a_record(a_cell(method=method), method_settings=method.params) for method in methods))
    assert [row.method for row in summary.rows] == ["linear_probe", "linear_probe(solver=gradient)", "finetune"]


def test_only_cells_with_a_number_are_averaged() -> None:
    failed = a_record(seed=1, status="failed", accuracy=None, reason="no luck")
    summary = summary_of(a_record(), failed)
    assert [row.accuracy.n for row in summary.rows] == [1]
    assert [record.reason for record in summary.unfinished] == ["no luck"]


def test_cells_of_the_plan_without_a_record_are_counted() -> None:
    summary = summary_of(a_record(), a_record(seed=1), cells=["0", "1", "2", "3", "4"])
    assert summary.missing == 3
    assert summary_of(a_record()).missing == 0


def test_records_outside_the_plan_are_left_out_and_it_is_said() -> None:
    summary = summary_of(a_record(accuracy=0.5), a_record(accuracy=0.9), cells=["0"])
    assert [row.accuracy.mean for row in summary.rows] == [0.5]
    assert summary.ask(notes) == ("1 records of other settings of this suite are left out.",)


def test_no_records_are_an_empty_summary() -> None:
    summary = summarise([], {"suite": "mine", "cells": ["one"]})
    assert (summary.suite, summary.rows, summary.blocks, summary.missing) == ("mine", (), (), 1)


PROFILE: dict[str, Any] = {
    "profiled_in": "0",
    "latency_ms": {"1": 2.0, "64": 30.0},
    "anatomy_ms": {"data": 0.1, "forward": 3.0},
    "memory_mib_by_kind": {"weights": 1.4},
    "forward_gflop": 0.008,
    "mfu": 0.25,
    "bound_by": "compute",
    "synthetic_ratio": 1.02,
}


def test_a_row_has_the_profile_of_whichever_of_its_cells_has_one() -> None:
    (row,) = summary_of(a_record(seed=0), a_record(seed=1, **PROFILE)).rows
    assert (row.latency_1_ms, row.latency_64_ms, row.forward_gflop, row.mfu) == (2.0, 30.0, 0.008, 0.25)
    assert (row.bound_by, row.synthetic_ratio) == ("compute", 1.02)
    assert (row.anatomy_ms, row.memory_mib_by_kind) == (PROFILE["anatomy_ms"], PROFILE["memory_mib_by_kind"])


def test_a_row_that_nobody_profiled_has_none() -> None:
    (row,) = summary_of(a_record(workers=2, throughput_images_per_s=None)).rows
    assert (row.latency_1_ms, row.anatomy_ms, row.mfu, row.bound_by) == (None, None, None, None)


def test_accuracy_per_second_is_averaged_over_seeds() -> None:
    (row,) = summary_of(*(a_record(seed=seed, accuracy_per_s=0.1 + seed / 10) for seed in range(3))).rows
    assert row.accuracy_per_s is not None
    assert (row.accuracy_per_s.mean, row.accuracy_per_s.n) == (pytest.approx(0.2), 3)


def test_the_cost_without_caches_counts_the_cold_extraction() -> None:
    (row,) = summary_of(a_record(total_s=3.0, features_s=0.5, features_cold_s=2.0)).rows
    assert (row.total_s.mean, row.cold_s.mean) == (3.0, 4.5)


def test_what_was_not_measured_stays_empty() -> None:
    (row,) = summary_of(a_record(throughput_images_per_s=None, step_ms=None, val_accuracy=None)).rows
    assert (row.throughput, row.step_ms_p50, row.val_accuracy) == (None, None, None)


def test_only_environments_of_finished_cells_are_shown() -> None:
    summary = summary_of(a_record(env="here"), environments={"here": {"cores": 2}, "elsewhere": {"cores": 64}})
    assert summary.environments == {"here": {"cores": 2}}


def test_scratch_is_named_without_weights() -> None:
    rows = summary_of(a_record(method="scratch", weights="random"), a_record()).rows
    assert [row.setting for row in rows] == ["scratch", "linear_probe (supervised@glyphs)"]


def test_sources_and_rules_of_choosing_are_told_apart_by_name() -> None:
    """No row of one rule is averaged with another's."""
    made = [
        a_record(cell_id=str(number), image_selection=rule, source=source, source_params=params)
        for number, (rule, source, params) in enumerate(
            [("stratified", None, {}), ("kcenter", None, {}), ("stratified", "glyphs", {"fonts": "some"})]
        )
    ]
    settings = {row.setting for row in summarise(made, {}).rows}
    plain = next(iter({row.setting for row in summarise(made[:1], {}).rows}))
    assert settings == {plain, f"{plain}, kcenter images", f"{plain[:-1]}, from glyphs)"}
