"""From records to rows: only seeds are averaged over, and nothing is lost on the way."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.answers.summary import Summary, summarise
from bench.records.record import Record
from bench.schema import Choice, Training
from tests.material.examples import a_cell, a_record

OTHERS: dict[str, Any] = {
    "dataset": "glyphs",
    "dataset_fingerprint": "e" * 64,
    "dataset_params": {"train_images": 62},
    "backbone": "test_vit",
    "weights": "random",
    "weights_fingerprint": "0" * 64,
    "weights_sha256": "b" * 64,
    "method": "mlp_probe",
    "method_settings": {"solver": "gradient"},
    "training": dataclasses.asdict(Training(batch_size=32)),
    "budget": "10 per class",
    "n_labels": 100,
    "device": "cuda",
    "precision": "bf16",
    "threads": 2,
    "image_size": 64,
    "limit": 100,
    "determinism": {"deterministic_algorithms": False},
}


def summary_of(*records: Record, **manifest: Any) -> Summary:
    return summarise([dataclasses.replace(record, cell_id=str(i)) for i, record in enumerate(records)], manifest)


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


def test_weights_of_another_hash_never_share_a_row_and_are_told_apart_in_the_table() -> None:
    summary = summary_of(a_record(weights_sha256="a" * 64), a_record(weights_sha256="b" * 64))
    (block,) = summary.blocks
    assert block.settings == tuple(f"linear_probe (supervised@glyphs) #{start * 8}" for start in "ab")


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(sorted(OTHERS)), max_size=4, unique=True), st.integers(1, 4))
def test_every_finished_record_is_in_exactly_one_row(names: list[str], seeds: int) -> None:
    records = [a_record(seed=seed) for seed in range(seeds)]
    records += [a_record(**{name: OTHERS[name]}) for name in names]
    assert sum(row.accuracy.n for row in summary_of(*records).rows) == len(records)


@pytest.mark.parametrize("name", OTHERS)
def test_every_row_stands_in_a_table(name: str) -> None:
    summary = summary_of(a_record(accuracy=0.25), a_record(accuracy=0.75, **{name: OTHERS[name]}))
    shown = [row for block in summary.blocks for row in block.rows.values()]
    assert sorted(row.accuracy.mean for row in shown) == [0.25, 0.75]


def test_data_sets_with_other_parameters_have_tables_of_their_own() -> None:
    cells = [a_cell(dataset=Choice("glyphs", {"train_images": count})) for count in (620, 1240)]
    blocks = summary_of(*map(a_record, cells)).blocks
    assert len({block.title for block in blocks}) == 2


def test_methods_with_several_sets_of_parameters_are_told_apart() -> None:
    methods = [Choice("linear_probe"), Choice("linear_probe", {"solver": "gradient"}), Choice("finetune", {"steps": 5})]
    summary = summary_of(*(a_record(a_cell(method=method), method_settings=method.params) for method in methods))
    assert [row.method for row in summary.rows] == ["linear_probe", "linear_probe(solver=gradient)", "finetune"]


def test_rows_and_columns_are_ordered_by_method_and_by_labels() -> None:
    summary = summary_of(
        *(a_record(method=method) for method in ("finetune", "my_own", "ridge_probe", "linear_probe")),
        a_record(method="scratch", weights="random", budget="1 per class", n_labels=10),
    )
    (block,) = summary.blocks
    methods = ["scratch", "linear_probe", "ridge_probe", "finetune", "my_own"]
    assert [setting.split(" ")[0] for setting in block.settings] == methods
    assert block.budgets == (("1 per class", 10), ("5 per class", 50))


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
    assert summary.notes == ("1 records of other settings of this suite are left out.",)


def test_no_records_are_an_empty_summary() -> None:
    summary = summarise([], {"suite": "mine", "cells": ["one"]})
    assert (summary.suite, summary.rows, summary.blocks, summary.missing) == ("mine", (), (), 1)


def test_the_audit_counts_passes_failures_and_what_does_not_apply() -> None:
    summary = summary_of(
        a_record(audit={"frozen_unchanged": True, "optimizer_exact": None}),
        a_record(audit={"frozen_unchanged": False, "optimizer_exact": True}, seed=1),
        a_record(audit=None, seed=2),
        a_record(audit={"frozen_unchanged": False}, seed=3, status="failed"),
    )
    assert summary.audit == {"frozen_unchanged": (1, 1, 1), "optimizer_exact": (1, 0, 2)}
    (failure,) = summary.audit_failures
    assert failure.startswith("frozen_unchanged: ")
    assert "seed 1" in failure


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"limit": 100}, "Limited to 100 images of each split: a rehearsal, not a result."),
        ({"workers": 2}, "Some cells ran side by side; their throughput is not published."),
        (
            {"chosen": {"edge": True}},
            "1 probe: the best l2 lay at the edge of its range; a wider one may do better.",
        ),
        (
            {"chosen": {"converged": False}},
            "1 probe: the solver had to stop before it came to its tolerance; a larger l2 is solved faster.",
        ),
        ({"precision_reason": "forward x 0.50"}, "precision auto of test_resnet is fp32 here: forward x 0.50."),
    ],
)
def test_what_a_reader_must_know_is_noted(changes: dict[str, Any], note: str) -> None:
    assert summary_of(a_record(**changes)).notes == (note,)
    assert summary_of(a_record()).notes == ()


def test_each_backbones_precision_is_explained_once() -> None:
    reasons = {"test_resnet": "it pays", "test_vit": "it does not", "vgg11": "asked for"}
    summary = summary_of(
        *(
            a_record(backbone=name, precision_reason=reason, seed=seed)
            for name, reason in reasons.items()
            for seed in (0, 1)
        )
    )
    assert [note.partition(" is ")[0] for note in summary.notes] == [
        "precision auto of test_resnet",
        "precision auto of test_vit",
    ]


@pytest.mark.parametrize(("others", "notes"), [(2, 1), (0, 0), (None, 0)])
def test_company_on_the_gpu_is_noted(others: int | None, notes: int) -> None:
    state = {"before": {}, "after": {}, "joules": 1.0, "others": others}
    found = [note for note in summary_of(a_record(gpu_state=state)).notes if "Another process was on the GPU" in note]
    assert len(found) == notes


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
