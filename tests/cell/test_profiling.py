"""A profile is measured once for cells alike, in passes of its own: no number moves, no cell is lost to it."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from bench.catalog import PROFILES
from bench.cell import profiling
from bench.cell.cell import run_cell
from bench.cell.job import CellJob
from bench.cell.networks import build, frozen_features, tensor_hashes
from bench.cell.profiles import anatomy, latency, loader, work
from bench.cell.profiling import FEWEST, MOST, Rehearsal, likeness, once
from bench.cell.rehearsal import rehearse
from bench.cell.tasks import make_task
from bench.contracts.data import Places
from bench.contracts.networks import FrozenPart
from bench.contracts.training import Watch
from bench.data.splits import split_budget
from bench.errors import Diverged
from bench.learning.recipe import epoch_sizes
from bench.records.record import Record
from bench.registry import Registry
from bench.schema import Budget, Cell, Choice, Training
from tests.material import tiny
from tests.material.examples import a_cell
from tests.material.rehearsals import a_fitted, a_rehearsal, a_trace

FIELDS = {
    *("anatomy_ms", "memory_mib_by_kind", "synthetic_ratio", "bound_by", "latency_ms"),
    *("forward_gflop", "step_gflop", "peak_gflop_per_s", "mfu"),
}
"""What a profile gives a cell with a gradient loop."""
ENOUGH_STEPS = "train.steps=7"


class Only:
    """A catalogue of one profile: it gives a field, or raises an error."""

    fault = None
    target = "tests:only"

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def working(self) -> dict[str, "Only"]:
        return {"only": self}

    def load(self) -> Callable[[Rehearsal], dict[str, Any]]:
        def profile(rehearsal: Rehearsal) -> dict[str, Any]:
            if self.error is not None:
                raise self.error
            return {"bound_by": "this test"}

        return profile


@pytest.fixture
def quick(profiles: Registry, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """All profiles, on small matrices and for a moment."""
    monkeypatch.setitem(work.SIDES, "cpu", 64)
    # so small a product is no peak: steps may well be above it
    monkeypatch.setattr(work, "AGAIN_S", 0.0)
    monkeypatch.setattr(work, "peak_flop_per_s", lambda device, precision: 1e13)
    monkeypatch.setattr(latency, "SECONDS", 0.0)
    return profiles


def run_some(folder: Path, places: Places, *overrides: str) -> list[Record]:
    """Run cells of the tiny suite into a folder and return their records."""
    cells = tiny.cells_of(tiny.write_suite(folder), [ENOUGH_STEPS, "grid.labels_per_class=[6]", *overrides])
    tiny.run_cells(cells, folder / "out", places)
    records = tiny.records_of(folder / "out")
    return [records[cell.cell_id] for cell in cells]


def profile_of(record: Record) -> dict[str, Any]:
    """Return what a record has of a profile."""
    return {name: getattr(record, name) for name in FIELDS}


def test_cells_alike_share_what_the_first_of_them_measured(quick: Registry, places: Places, tmp_path: Path) -> None:
    """They differ in seed only; all fields are there, and name the cell."""
    first, second = run_some(tmp_path, places, "grid.method=finetune", "grid.seed=[0, 1]")
    assert all(value is not None for value in profile_of(first).values())
    assert profile_of(first) == profile_of(second)
    assert (first.profiled_in, second.profiled_in) == (first.cell_id, first.cell_id)
    assert (first.profile_reason, second.profile_reason) == (None, None)


def test_other_method_or_batch_is_measured_of_its_own(quick: Registry, places: Places, tmp_path: Path) -> None:
    """Labels for a smaller batch; another method. The peak is measured once for them all, latency once for a method."""
    methods = "grid.method=[finetune, mlp_probe]"
    records = run_some(tmp_path, places, methods, "grid.labels_per_class=[1, 6]")
    assert [record.profiled_in for record in records] == [record.cell_id for record in records]
    assert len({json.dumps(profile_of(record)) for record in records}) == 4
    assert len({record.peak_gflop_per_s for record in records}) == 1
    latencies = {record.method: json.dumps(record.latency_ms) for record in records}
    assert [json.dumps(record.latency_ms) for record in records] == [latencies[record.method] for record in records]
    assert len(set(latencies.values())) == 2
    scores_of_two_budgets = 2
    assert len(list((tmp_path / "out" / "profiles").iterdir())) == 4 + 1 + len(latencies) + scores_of_two_budgets


def test_profile_lasts_as_long_as_the_runs_folder(
    quick: Registry, places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that goes on measures nothing again; one into another folder does."""
    (first,) = run_some(tmp_path, places, "grid.method=scratch")
    monkeypatch.setattr(profiling, "PROFILES", Only())
    (later,) = run_some(tmp_path, places, "grid.method=scratch", "grid.seed=[5]")
    assert profile_of(later) == profile_of(first)
    (tmp_path / "elsewhere").mkdir()
    (elsewhere,) = run_some(tmp_path / "elsewhere", places, "grid.method=scratch")
    assert (elsewhere.bound_by, elsewhere.anatomy_ms) == ("this test", None)


def test_solved_probe_has_what_needs_no_steps(quick: Registry, places: Places, tmp_path: Path) -> None:
    """Its network has a forward pass, and no training steps."""
    (record,) = run_some(tmp_path, places, "grid.method=linear_probe")
    found = {name for name, value in profile_of(record).items() if value is not None}
    assert found == {"latency_ms", "forward_gflop", "peak_gflop_per_s"}


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_short_training_keeps_its_result(quick: Registry, places: Places, tmp_path: Path, steps: int) -> None:
    """What takes more steps is left out; a part of a step that is given takes some time."""
    (record,) = run_some(tmp_path, places, "grid.method=scratch", f"train.steps={steps}")
    assert (record.status, record.steps_done) == ("ok", steps), record.reason
    assert all(value > 0 for value in (record.anatomy_ms or {}).values())


METHODS = "grid.method=[scratch, mlp_probe, linear_probe, {name: partial_finetune, prefix: cached}]"


@pytest.mark.slow
def test_profile_changes_no_number(
    quick: Registry, places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the profiled cell, or of those that run after it in the same process."""
    cells = tiny.cells_of(tiny.write_suite(tmp_path), [ENOUGH_STEPS, "grid.labels_per_class=[6]", METHODS])
    tiny.run_cells(cells, tmp_path / "with", places)
    monkeypatch.setattr(profiling, "PROFILES", Registry("profiles", []))
    tiny.run_cells(cells, tmp_path / "without", places)
    tiny.assert_same_numbers(tmp_path / "with", tmp_path / "without", cells)
    profiled, plain = (tiny.records_of(tmp_path / name).values() for name in ("with", "without"))
    assert all(record.latency_ms for record in profiled)
    assert not any(record.latency_ms for record in plain)


@pytest.mark.parametrize("method", ["finetune", "mlp_probe"])
def test_training_again_is_the_same_training_and_goes_on_no_account(
    places: Places, tmp_path: Path, method: str
) -> None:
    """From the same start over the same batches, on a copy; features that it needs are paid by nobody."""
    cell = tiny.one_cell(tmp_path, f"grid.method={method}", ENOUGH_STEPS)
    job = tiny.job_of(cell, places)
    train = job.data.split("train")
    backbone = build(cell, job.weights)
    features = frozen_features(job, backbone, "a network", tiny.ignore)
    task = make_task(job, backbone, 10, train, split_budget(train.labels, 10, cell.budget, 0), features, tiny.ignore)
    before = tensor_hashes(backbone)
    once_more, again = (rehearse(job, task, features.network, Watch()) for _ in range(2))
    assert once_more.trace is not None
    assert again.trace is not None
    assert list(once_more.trace.losses) == list(again.trace.losses)
    assert len(set(once_more.trace.losses)) > 1
    assert tensor_hashes(backbone) == before
    assert (features.paid_s, features.manifests) == ({}, {})


@pytest.fixture
def job(places: Places, tmp_path: Path) -> CellJob:
    """A cell of a gradient loop, to be profiled."""
    made = tiny.job_of(tiny.one_cell(tmp_path, "grid.method=scratch"), places)
    return dataclasses.replace(made, profiles=tmp_path / "profiles")


@pytest.mark.parametrize("error", [RuntimeError, MemoryError, Diverged, ValueError])
def test_profile_that_fails_costs_no_result(
    job: CellJob, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """The record says why it has none, in one line; the next cell alike tries again."""
    monkeypatch.setattr(profiling, "PROFILES", Only(error("no luck\nand a second line")))
    fields = run_cell(job, tiny.ignore).fields
    assert fields["profile_reason"].removeprefix(f"{error.__name__}: ") == "no luck"
    assert (fields["accuracy"] > 0, "bound_by" in fields) == (True, False)
    monkeypatch.setattr(profiling, "PROFILES", Only())
    assert run_cell(job, tiny.ignore).fields["bound_by"] == "this test"


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"workers": 2}, "cells ran side by side"), ({"profiles": None}, None)],
    ids=["side by side", "nowhere to keep it"],
)
def test_cell_that_would_be_disturbed_is_not_profiled(
    job: CellJob, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], reason: str | None
) -> None:
    """Nor disturbs the others."""
    monkeypatch.setattr(profiling, "PROFILES", Only(RuntimeError("it was asked")))
    fields = run_cell(dataclasses.replace(job, **change), tiny.ignore).fields
    assert (fields.get("profile_reason"), fields.get("profiled_in")) == (reason, None)
    assert fields["accuracy"] > 0


def test_cell_with_little_time_left_is_not_profiled(job: CellJob, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be ended without its result."""
    monkeypatch.setattr(profiling, "PROFILES", Only(RuntimeError("it was asked")))
    hurried = dataclasses.replace(job.cell, timeout_s=profiling.OTHER_S)
    fields = run_cell(dataclasses.replace(job, cell=hurried), tiny.ignore).fields
    assert fields["profile_reason"] == "too little time was left before timeout_s"
    assert fields["accuracy"] > 0


ALIKE: dict[str, Any] = {
    "seed": 7,
    "weights": "random",
    "budget": Budget("labels_per_class", 20),
    "suite": "other",
    "timeout_s": 1.0,
    "precision_reason": "measured",
}
UNLIKE: dict[str, Any] = {
    "dataset": Choice("digits", {"train_images": 62}),
    "backbone": "test_vit",
    "method": Choice("finetune"),
    "settings": {"l2": [1.0]},
    "training": Training(augmentation="basic"),
    "image_size": 64,
    "precision": "bf16",
    "device": "mps",
    "threads": 2,
    "deterministic": False,
}


@pytest.mark.parametrize("name", [*ALIKE, *UNLIKE])
def test_cells_are_alike_where_nothing_differs_that_a_step_hangs_on(name: str) -> None:
    """Seed, weights and budget may differ, as long as the batch is the same."""
    other: Cell = a_cell(**{name: (ALIKE | UNLIKE)[name]})
    assert (likeness(other, a_fitted()) == likeness(a_cell(), a_fitted())) is (name in ALIKE)


@pytest.mark.parametrize(
    ("full_batches", "alike"), [(1, False), (7, False), (15, False), (16, True), (17, True), (400, True)]
)
def test_a_short_training_lends_nothing_to_longer_ones(full_batches: int, alike: bool) -> None:
    """Epochs of few labels have few full batches, on which not all can be measured."""
    long = a_fitted(trace=a_trace(wall_s=[0.02] * 800, images=[16, 2] * 400))
    trace = a_trace(wall_s=[0.02] * (2 * full_batches + 2), images=[16, 2] * (full_batches + 1), warmup_steps=2)
    assert (likeness(a_cell(), a_fitted(trace=trace)) == likeness(a_cell(), long)) is alike


@pytest.mark.parametrize(
    "changes",
    [
        {"trace": a_trace(batch_effective=8, images=[8] * 9)},
        {"trace": None},
        {"part": FrozenPart("features", nn.Identity())},
        {"part": FrozenPart("up to layer3", nn.Identity())},
    ],
    ids=["another batch", "no steps", "features", "a frozen part"],
)
def test_cells_of_another_batch_or_frozen_part_are_not_alike(changes: dict[str, Any]) -> None:
    """Neither stands in the cell's identity: they come of the labels that there are."""
    assert likeness(a_cell(), a_fitted(**changes)) != likeness(a_cell(), a_fitted())


@pytest.mark.parametrize("name", ["anatomy", "loader"])
def test_profile_of_steps_needs_steps(tmp_path: Path, name: str) -> None:
    """A solved probe has none."""
    assert PROFILES.entry(name).load()(a_rehearsal(tmp_path, trace=None)) == {}


def test_same_key_is_measured_once(tmp_path: Path) -> None:
    """In a folder; another key of its own."""
    measured: list[int] = []

    def measure() -> dict[str, Any]:
        measured.append(1)
        return {"value": len(measured)}

    assert [once(tmp_path / "new", {"a": 1, "b": 2}, measure) for _ in range(2)] == [{"value": 1}] * 2
    assert once(tmp_path / "new", {"b": 2, "a": 1}, measure) == {"value": 1}
    assert once(tmp_path / "new", {"a": 2, "b": 2}, measure) == {"value": 2}
    assert once(tmp_path / "other", {"a": 1, "b": 2}, measure) == {"value": 3}


@pytest.mark.parametrize(
    ("wall_s", "steps"),
    [([9.0, 0.001, 0.001], MOST), ([9.0, 0.1, 0.1, 5.0], 15), ([9.0, 60.0], FEWEST), ([60.0], FEWEST), ([0.0], MOST)],
)
def test_passes_are_shorter_where_steps_are_long(tmp_path: Path, wall_s: list[float], steps: int) -> None:
    """By the median step after the warm-up; never under a few, never endless."""
    assert a_rehearsal(tmp_path, trace=a_trace(wall_s=wall_s)).steps == steps


def test_a_pass_is_planned_by_full_batches(tmp_path: Path) -> None:
    """Twenty short steps are quick: the plan is that of the long ones."""
    mixed = a_trace(wall_s=[9.0, *[0.1, 0.001] * 20], images=[16, *[16, 2] * 20])
    rehearsal = a_rehearsal(tmp_path, trace=mixed)
    assert (rehearsal.step_s, rehearsal.steps) == (0.1, 15)


@pytest.mark.parametrize(
    ("images", "wanted", "steps"),
    [
        ([16] * 40, 9, 9),
        ([16, 2] * 40, 9, 17),
        ([16, 16, 16, 2] * 40, 9, 11),
        ([16, 17] * 40, 2, 3),
        ([16, 2] * 3, 9, 6),
        ([16], 9, 1),
    ],
    ids=["all full", "every other", "three of four", "one takes an image along", "a short training", "one step"],
)
def test_a_pass_is_as_long_as_it_takes_to_see_enough_full_batches(
    tmp_path: Path, images: list[int], wanted: int, steps: int
) -> None:
    """At most twice as many steps, and never more than the training has."""
    rehearsal = a_rehearsal(tmp_path, trace=a_trace(wall_s=[0.02] * len(images), images=images))
    assert rehearsal.steps_to(wanted) == steps <= 2 * wanted


@settings(deadline=None, max_examples=200)
@given(count=st.integers(2, 300), batch_size=st.integers(1, 64), wanted=st.integers(1, 50))
def test_a_pass_over_real_epochs_is_at_most_twice_as_long(count: int, batch_size: int, wanted: int) -> None:
    """Whatever the images and the batch come to."""
    sizes = epoch_sizes(count, batch_size) * wanted
    trace = a_trace(wall_s=[0.02] * len(sizes), images=sizes, batch_effective=sizes[0])
    assert a_rehearsal(Path(), trace=trace).steps_to(wanted) <= 2 * wanted


@pytest.mark.slow
def test_profile_of_a_real_training_is_of_its_full_batches(
    quick: Registry, places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty images in batches of 46: what comes second has four of them, and nothing is told of it.

    A training whose batches are all of 46 images keeps as many bytes of activations.
    """
    pattern = ["grid.method=scratch", "grid.labels_per_class=[6]", "train.steps=30"]
    (mixed,) = run_some(tmp_path, places, *pattern, "train.batch_size=46")
    watched: list[anatomy.Anatomy] = []
    monkeypatch.setattr(anatomy, "Anatomy", lambda *given: watched.append(PLAIN(*given)) or watched[-1])
    (tmp_path / "again").mkdir()
    (again,) = run_some(tmp_path / "again", places, *pattern, "train.batch_size=46")
    (watch,) = watched
    assert watch.images[:4] == [46, 4, 46, 4]
    assert watch.images.count(46) >= anatomy.WARMUP + FEWEST
    assert set(watch.full_after(anatomy.WARMUP)) == set(range(4, len(watch.images), 2))
    assert again.anatomy_ms is not None
    forward = sorted(watch.seconds["forward"][4::2])
    assert forward[0] * 1000 <= again.anatomy_ms["forward"] <= forward[-1] * 1000
    (tmp_path / "even").mkdir()
    (even,) = run_some(tmp_path / "even", places, *pattern, "train.batch_size=25")
    kept = [(record.memory_mib_by_kind or {})["activations"] for record in (mixed, even)]
    assert kept[0] / 46 == pytest.approx(kept[1] / 25, rel=0.01)
    assert (mixed.step_gflop or 0) / 46 == pytest.approx((even.step_gflop or 0) / 25)
    assert mixed.step_ms is not None
    assert mixed.step_ms["n"] == 12  # of thirty steps five are warm-up, and every other one has four images


PLAIN = anatomy.Anatomy


def test_long_steps_and_compiling_are_expected_to_take_their_time(tmp_path: Path) -> None:
    """So that a cell does not run out of its own: both passes over steps, each compiled anew."""
    short, long, compiled = (
        a_rehearsal(tmp_path, trace=a_trace(wall_s=[60.0, step_s], compiled_at=compiled_at))
        for step_s, compiled_at in ((0.0, None), (60.0, None), (0.0, [0]))
    )
    passes = 2 * (anatomy.WARMUP + FEWEST) + 2 * loader.PASSES * (loader.WARMUP + 2 * FEWEST)
    assert long.expected_s >= short.expected_s + passes * 60.0
    assert compiled.expected_s >= short.expected_s + (1 + loader.PASSES) * 60.0


def test_enough_full_batches_are_those_of_the_shortest_pass() -> None:
    """Of the loader's, which wants more than the anatomy."""
    assert max(loader.WARMUP + 2 * FEWEST, anatomy.WARMUP + FEWEST) == profiling.ENOUGH
