"""How the time of a forward pass is taken, on networks that note how they are called."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from bench.cell.profiles import latency
from tests.material.rehearsals import SIDE, a_rehearsal, a_trace


class Notes(nn.Module):
    """A network that notes how it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, ...]] = []

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the images."""
        self.calls.append((tuple(images.shape), self.training, torch.is_inference_mode_enabled()))
        return images


def test_latency_is_of_one_image_and_of_64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In `eval()`, without gradients; a pass each to warm up, and one in each burst where there is no time for more."""
    monkeypatch.setattr(latency, "SECONDS", 0.0)
    model = Notes().train()
    found = latency.profile(a_rehearsal(tmp_path, model=model))["latency_ms"]
    assert (list(found), all(value > 0 for value in found.values())) == (["1", "64"], True)
    rounds = 1 + latency.BURSTS
    assert model.calls == [((size, 3, SIDE, SIDE), False, True) for _ in range(rounds) for size in (1, 64)]


def test_latency_is_measured_once_whatever_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another batch shares it; other modules have their own."""
    monkeypatch.setattr(latency, "SECONDS", 0.0)
    first, again, other = Notes(), Notes(), nn.Sequential(Notes())
    found = latency.profile(a_rehearsal(tmp_path, model=first))
    assert latency.profile(a_rehearsal(tmp_path, model=again, trace=a_trace(batch_effective=4))) == found
    assert again.calls == []
    latency.profile(a_rehearsal(tmp_path, model=other))
    assert other[0].calls


class Slows(nn.Module):
    """A network whose first pass takes a second by a clock of its own, the second one two, and so on."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.passes = 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the images."""
        self.passes += 1
        self.now += self.passes
        return images


@pytest.fixture
def slows(monkeypatch: pytest.MonkeyPatch) -> Slows:
    """The network, with its clock in place of the machine's."""
    model = Slows()
    monkeypatch.setattr(latency.time, "perf_counter", lambda: model.now)
    return model


def test_latency_is_the_median_of_the_best_burst_after_its_warmup(
    tmp_path: Path, slows: Slows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two passes are warm-up; then come 3, 4, 5 s, and 6, 7 s for the other batch; later bursts are slower."""
    monkeypatch.setattr(latency, "SECONDS", 10.0)
    assert latency.profile(a_rehearsal(tmp_path, model=slows)) == {"latency_ms": {"1": 4000.0, "64": 6500.0}}


def test_fast_passes_are_many_but_not_without_end(
    tmp_path: Path, slows: Slows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until there is no more time, or enough of them."""
    monkeypatch.setattr(latency, "SECONDS", 1e9)
    latency.profile(a_rehearsal(tmp_path, model=slows))
    assert slows.passes == 2 * (1 + latency.BURSTS * latency.MOST)
