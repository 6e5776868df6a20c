"""How the time of a forward pass is taken, on networks that note how they are called."""

from pathlib import Path
from typing import Any

import pytest
import torch
from rehearsals import SIDE, a_rehearsal
from torch import nn

from bench.profiles import latency


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
    """In `eval()`, without gradients; some passes each, as many as there is time for."""
    monkeypatch.setattr(latency, "SECONDS", 0.0)
    model = Notes().train()
    found = latency.profile(a_rehearsal(tmp_path, model=model))["latency_ms"]
    assert (list(found), all(value > 0 for value in found.values())) == (["1", "64"], True)
    passes = latency.WARMUP + latency.FEWEST
    assert model.calls == [
        ((size, 3, SIDE, SIDE), False, True) for _ in range(latency.BURSTS) for size in (1, 64) for _ in range(passes)
    ]


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


def test_latency_is_the_median_of_the_best_burst_after_its_warmup(tmp_path: Path, slows: Slows) -> None:
    """One pass is warm-up; of the three after it the second counts; later bursts were slower."""
    assert (latency.WARMUP, latency.FEWEST) == (1, 3)
    assert latency.profile(a_rehearsal(tmp_path, model=slows)) == {"latency_ms": {"1": 3000.0, "64": 7000.0}}


def test_fast_passes_are_many_but_not_without_end(
    tmp_path: Path, slows: Slows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until there is no more time, or enough of them."""
    monkeypatch.setattr(latency, "SECONDS", 1e9)
    latency.profile(a_rehearsal(tmp_path, model=slows))
    assert slows.passes == 2 * latency.BURSTS * (latency.WARMUP + latency.MOST)
