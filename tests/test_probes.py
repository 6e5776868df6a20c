"""Probes of what a cell cost and where it ran, on runs of which only what they look at is there."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tiny
import torch

from bench.cell import run_cell
from bench.contracts import Places
from bench.probes import gpu, profile, throughput, worth
from bench.profiling import SECONDS


def run_of(**changes: Any) -> Any:
    """A probe on features of ten classes: 11 of 20 test images right, ten seconds of training, four of them paid."""
    logits = torch.eye(10)[torch.arange(20) % 10]
    labels = np.where(np.arange(20) < 11, np.arange(20) % 10, (np.arange(20) + 1) % 10)

    def cold_s(images: dict[str, int]) -> float:
        return 0.05 * images.pop("train") + 1000 * len(images)

    plain = {
        "phases": SimpleNamespace(wall_s={"train": 10.0, "eval": 50.0}, gpu={}),
        "features": SimpleNamespace(paid_s={"train": 4.0, "test": 7.0}, cold_s=cold_s),
        "fitted": SimpleNamespace(part="features"),
        "evaluation": SimpleNamespace(logits=logits, labels=labels),
        "n_labels": 60,
        "n_classes": 10,
        "workers": 1,
    }
    return SimpleNamespace(**{**plain, **changes})


def test_worth_is_accuracy_above_chance_over_the_seconds_from_a_cold_cache() -> None:
    """Six seconds of its own and three for the features of sixty images; the test set costs nothing here."""
    assert worth.probe(run_of()) == {"accuracy_per_s": pytest.approx((0.55 - 0.1) / (10 - 4 + 3))}


def test_worth_without_a_part_is_over_the_training_alone() -> None:
    """Nothing was shared."""
    alone = run_of(fitted=SimpleNamespace(part=None), features=SimpleNamespace(paid_s={}, cold_s=None))
    assert worth.probe(alone) == {"accuracy_per_s": pytest.approx(0.45 / 10)}


def test_worth_below_chance_is_negative() -> None:
    """One right of twenty."""
    wrong = SimpleNamespace(logits=torch.eye(10)[torch.zeros(20, dtype=torch.int64)], labels=np.arange(20) // 1 % 19)
    assert worth.probe(run_of(evaluation=wrong))["accuracy_per_s"] == pytest.approx((0.1 - 0.1) / 9, abs=1e-9)


def state(joules: float | None, others: int | None) -> dict[str, Any]:
    """A GPU's state."""
    return {"sm_mhz": 1500, "joules": joules, "other_processes": others}


@pytest.mark.parametrize(
    ("before", "after", "joules", "others"),
    [
        (state(100.0, 0), state(350.0, 2), 250.0, 2),
        (state(100.0, 3), state(350.0, None), 250.0, 3),
        (state(None, None), state(350.0, None), None, None),
    ],
)
def test_gpu_tells_the_energy_between_and_the_most_others(
    before: dict[str, Any], after: dict[str, Any], joules: float | None, others: int | None
) -> None:
    """Of the training; null where the driver doesn't tell."""
    phases = SimpleNamespace(gpu={"train": (before, after), "eval": (state(0.0, 9), state(1e9, 9))})
    told = {"before": before, "after": after, "joules": joules, "others": others}
    assert gpu.probe(run_of(phases=phases)) == {"gpu_state": told}


@pytest.mark.parametrize("states", [{}, {"train": (None, None)}, {"train": (state(1.0, 0), None)}])
def test_without_nvml_there_is_no_state(states: dict[str, Any]) -> None:
    """A CPU, or no driver's library."""
    assert gpu.probe(run_of(phases=SimpleNamespace(gpu=states))) == {"gpu_state": None}


def test_cells_side_by_side_publish_no_rate_but_where_they_were_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alone neither matters."""
    monkeypatch.setattr("os.sched_getaffinity", lambda process: {3, 1}, raising=False)
    rates = SimpleNamespace(rate=lambda: 100.0, cpu_s_per_image=lambda: 0.001)
    probed = {
        workers: throughput.probe(
            run_of(workers=workers, features=rates, fitted=SimpleNamespace(trace=None, on_features=True))
        )
        for workers in (1, 2)
    }
    assert (probed[1]["throughput_images_per_s"], probed[1]["pinned_to"]) == (100.0, None)
    assert (probed[2]["throughput_images_per_s"], probed[2]["pinned_to"]) == (None, [1, 3])
    assert {each["cpu_s_per_1000_images"] for each in probed.values()} == {1.0}


def test_profile_is_passed_on_as_it_was_measured() -> None:
    """A copy: a record may be changed."""
    measured = {"mfu": 0.5}
    found = profile.probe(run_of(profile=measured))
    assert found == measured
    assert found is not measured


ALWAYS = {"profiled_in", "forward_gflop", "peak_gflop_per_s", "latency_ms"}
OF_STEPS = {"anatomy_ms", "memory_mib_by_kind", "synthetic_ratio", "bound_by", "step_gflop", "mfu"}


@pytest.fixture
def short_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """As few repetitions as there can be."""
    monkeypatch.setattr("bench.profiling.SECONDS", SECONDS / 100)
    monkeypatch.setattr("bench.profiles.latency.SECONDS", 0.0)
    monkeypatch.setattr("bench.profiles.work.SIDES", {"cpu": 64})


@pytest.mark.usefixtures("profiles", "short_profiles")
@pytest.mark.parametrize("method", ["linear_probe", "mlp_probe", "[{name: partial_finetune, prefix: cached}]"])
def test_cells_alike_share_one_profile(places: Places, tmp_path: Path, method: str) -> None:
    """Another seed has that of the first; accuracies are those of a cell without one."""
    overrides = (f"grid.method={method}", "train.steps=20", "train.batch_size=25")
    fields = []
    for seed in (0, 1):
        job = tiny.job_of(tiny.one_cell(tmp_path, *overrides, f"grid.seed=[{seed}]"), places)
        fields.append(run_cell(dataclasses.replace(job, profiles=tmp_path), tiny.ignore).fields)
    first, second = fields
    measured = ALWAYS if method == "linear_probe" else ALWAYS | OF_STEPS
    assert all(first[key] for key in measured), {key: first.get(key) for key in measured}
    assert all(second[key] == first[key] for key in measured)
    assert first["profiled_in"] == tiny.one_cell(tmp_path, *overrides).cell_id
    assert not (ALWAYS | OF_STEPS) - measured & set(first)
    plain = run_cell(tiny.job_of(tiny.one_cell(tmp_path, *overrides), places), tiny.ignore).fields
    assert not measured & set(plain)
    for key in ("accuracy", "val_accuracy", "final_loss", "audit", "trainable_params", "total_params"):
        assert plain[key] == first[key], key
