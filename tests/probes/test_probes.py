"""Probes of what a cell was worth and where it ran, on runs of which only what they look at is there."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from bench.contracts.training import Trace
from bench.probes import profile, throughput, worth


def run_of(**changes: Any) -> Any:
    """A probe on features of ten classes: 11 of 20 test images right, ten seconds of training, four of them paid."""
    logits = torch.eye(10)[torch.arange(20) % 10]
    labels = np.where(np.arange(20) < 11, np.arange(20) % 10, (np.arange(20) + 1) % 10)

    def cold_s(images: dict[str, int]) -> float:
        return 0.05 * images.pop("train") + 1000 * len(images)

    plain = {
        "phases": SimpleNamespace(
            wall_s={"select": 0.0, "tune": 0.0, "train": 10.0, "eval": 50.0}, shared_s={"train": 4.0, "eval": 7.0}
        ),
        "features": SimpleNamespace(cold_s=cold_s),
        "fitted": SimpleNamespace(part="features"),
        "evaluation": SimpleNamespace(logits=logits, labels=labels),
        "seen": {"train": 60},
        "n_classes": 10,
        "workers": 1,
    }
    return SimpleNamespace(**{**plain, **changes})


def test_worth_is_accuracy_above_chance_over_the_seconds_from_a_cold_cache() -> None:
    """Six seconds of its own and three for the features of sixty images; the test set costs nothing here."""
    assert worth.probe(run_of()) == {"accuracy_per_s": pytest.approx((0.55 - 0.1) / (10 - 4 + 3))}


def test_worth_without_a_part_is_over_the_training_alone() -> None:
    """Nothing was shared."""
    phases = SimpleNamespace(wall_s={"select": 0.0, "tune": 0.0, "train": 10.0, "eval": 50.0}, shared_s={})
    alone = run_of(phases=phases, features=SimpleNamespace(cold_s=None))
    assert worth.probe(alone) == {"accuracy_per_s": pytest.approx(0.45 / 10)}


def test_worth_below_chance_is_negative() -> None:
    """None right of twenty, in nine seconds."""
    wrong = SimpleNamespace(logits=torch.eye(10)[torch.zeros(20, dtype=torch.int64)], labels=np.ones(20, np.int64))
    assert worth.probe(run_of(evaluation=wrong))["accuracy_per_s"] == pytest.approx(-0.1 / 9)


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


def test_training_is_timed_by_its_measured_steps() -> None:
    """Two steps of 8 images in a second each, after one of ten seconds that is warm-up."""
    trace = Trace([10.0, 1.0, 1.0], [5.0, 0.4, 0.4], [8, 8, 8], [1.0] * 3, 1, 8, True, "fused")
    fitted = SimpleNamespace(trace=trace, on_features=False)
    fields = throughput.probe(run_of(fitted=fitted))
    assert (fields["throughput_of"], fields["throughput_images_per_s"]) == ("training", 8.0)
    assert fields["cpu_s_per_1000_images"] == pytest.approx(50.0)
    assert (fields["step_ms"]["p50"], fields["step_ms"]["n"], fields["warmup_s"]) == (1000.0, 2, 10.0)
    assert throughput.probe(run_of(fitted=fitted, workers=2))["throughput_images_per_s"] is None


def test_percentiles_are_of_full_batches_and_the_rate_of_all_steps() -> None:
    """Every other batch has two images and takes a quarter of a second: the reader asks how long a step takes."""
    trace = Trace([9.0, *[1.0, 0.25] * 5], [1.0] * 11, [8, *[8, 2] * 5], [1.0] * 11, 1, 8, True, "fused")
    fields = throughput.probe(run_of(fitted=SimpleNamespace(trace=trace, on_features=False)))
    assert fields["step_ms"] == {"p50": 1000.0, "p90": 1000.0, "p95": 1000.0, "p99": 1000.0, "n": 5}
    assert fields["throughput_images_per_s"] == pytest.approx(5 * (8 + 2) / (5 * 1.25))
    assert fields["cpu_s_per_1000_images"] == pytest.approx(10 / 50 * 1000)


def test_a_training_whose_full_batches_are_warm_up_has_a_rate_and_no_percentiles() -> None:
    """The second and last step has two images."""
    trace = Trace([1.0, 0.5], [1.0, 0.5], [8, 2], [1.0] * 2, 1, 8, True, "fused")
    fields = throughput.probe(run_of(fitted=SimpleNamespace(trace=trace, on_features=False)))
    assert (fields["step_ms"], fields["throughput_images_per_s"]) == (None, 4.0)


def test_training_that_is_all_warm_up_has_no_rate() -> None:
    """Nothing was measured, so nothing is told."""
    fitted = SimpleNamespace(trace=Trace([1.0], [1.0], [8], [1.0], 1, 8, True, "fused"), on_features=False)
    fields = throughput.probe(run_of(fitted=fitted))
    assert fields["throughput_images_per_s"] is fields["cpu_s_per_1000_images"] is fields["step_ms"] is None


def test_profile_is_passed_on_as_it_was_measured() -> None:
    """A copy: a record may be changed."""
    measured = {"mfu": 0.5}
    found = profile.probe(run_of(profile=measured))
    assert found == measured
    assert found is not measured
