"""A row is the cells that differ in nothing but their seed."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.answers.rows.rows import rows_of
from bench.answers.summary import summarise
from bench.schema import Choice, Seeds
from tests.material.examples import a_cell, a_record
from tests.material.summaries import OTHERS, summary_of

MACHINES = {name: {"processor": name, "cores": 2, "gpu": None} for name in ("slow", "fast")}


def test_seeds_are_one_row_with_its_mean_and_its_cells() -> None:
    """In any order."""
    made = [a_record(cell_id=str(seed), seed=seed, accuracy=0.5 + seed / 10) for seed in (2, 0, 1)]
    (row,) = rows_of(made, {})
    assert (row.seeds, row.accuracy.n) == ((0, 1, 2), 3)
    assert row.accuracy.mean == pytest.approx(0.6)
    assert row.cells == {Seeds(seed, seed, seed): str(seed) for seed in (0, 1, 2)}


@pytest.mark.parametrize(
    "change",
    [
        {"weights_sha256": "other"},
        {"dataset_fingerprint": "other"},
        {"image_selection": "kcenter"},
        {"source": "glyphs"},
        {"search": "random"},
        {"threads": 2},
        {"budget": "6 per class"},
    ],
    ids=str,
)
def test_whatever_else_differs_is_another_row(change: dict[str, object]) -> None:
    assert len(rows_of([a_record(), a_record(cell_id="other", **change)], {})) == 2


def test_what_methods_try_by_themselves_parts_no_row() -> None:
    """With few labels they try nothing; the recipe is one, and no tuning is told of."""
    tried = [{"settings": {"learning_rate": 0.1}, "val_accuracy": 0.5, "val_loss": 0.5, "share": 0.25, "seconds": 1.0}]
    made = [a_record(cell_id=str(seed), seed=seed, search="short", trials=tried if seed else None) for seed in (0, 1)]
    (row,) = rows_of(made, {})
    assert row.accuracy.n == 2
    assert row.tried is None
    assert len(rows_of([replace(each, search="random") for each in made], {})) == 2


def test_seeds_of_two_kinds_of_machine_are_two_rows() -> None:
    """Their times are no sample of one thing."""
    made = [a_record(cell_id=name, seed=place, env=name) for place, name in enumerate(MACHINES)]
    assert len(rows_of(made, MACHINES)) == 2
    assert len(rows_of(made, dict.fromkeys(MACHINES, MACHINES["slow"]))) == 1


def test_scores_are_means_and_left_out_where_a_cell_lacks_them() -> None:
    made = [
        a_record(cell_id=str(seed), seed=seed, transferability={"logme": float(seed), "leep": None if seed else 0.5})
        for seed in (0, 1)
    ]
    (row,) = rows_of(made, {})
    assert row.transferability == {"logme": 0.5}


def test_an_extraction_that_seeds_share_is_one_measurement() -> None:
    """Its interval would claim to know what no second measurement told."""
    shared = [a_record(cell_id=str(seed), seed=seed, throughput_of="extraction") for seed in range(3)]
    apart = [a_record(cell_id=str(seed), seed=seed, throughput_of="training") for seed in range(3)]
    (one,), (three,) = rows_of(shared, {}), rows_of(apart, {})
    assert one.throughput is not None
    assert three.throughput is not None
    assert (one.throughput.n, one.throughput.half_width, three.throughput.n) == (1, None, 3)


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


def test_a_row_has_the_reasons_for_what_its_profile_lacks() -> None:
    reasons = {"mfu_reason": "above the peak", "bound_by_reason": "too few", "flop_reason": "not known"}
    lacking = {**PROFILE, "mfu": None, "bound_by": None, "forward_gflop": None, **reasons}
    (row,) = summary_of(a_record(seed=0), a_record(seed=1, **lacking)).rows
    assert (row.mfu, row.bound_by, row.forward_gflop) == (None, None, None)
    assert (row.mfu_reason, row.bound_by_reason, row.flop_reason) == tuple(reasons.values())


def test_memory_of_the_gpu_and_compiling_are_means_over_seeds() -> None:
    """Null where nothing was compiled, and on a processor."""
    cuda = {"peak_cuda_reserved_mib": 100.0, "cuda_device_used_mib": 300.0}
    (row,) = summary_of(*(a_record(seed=seed, compile_s=1.0 + seed, **cuda) for seed in (0, 1))).rows
    assert row.compile_s is not None
    assert row.peak_cuda_reserved_mib is not None
    assert row.cuda_device_used_mib is not None
    assert (row.compile_s.mean, row.compile_s.n) == (1.5, 2)
    assert (row.peak_cuda_reserved_mib.mean, row.cuda_device_used_mib.mean) == (100.0, 300.0)
    (plain,) = summary_of(a_record()).rows
    assert (plain.compile_s, plain.peak_cuda_reserved_mib, plain.gpu) == (None, None, None)


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
