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
    assert model.calls == [((size, 3, SIDE, SIDE), False, True) for size in (1, 64) for _ in range(passes)]


def test_latency_is_the_median_after_the_warmup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One slow pass moves nothing; no more than so many are made."""
    now, passes = [0.0], [0]

    class Slows(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            passes[0] += 1
            now[0] += {1: 5.0, 2: 5.0, 4: 9.0}.get(passes[0], 0.001 * len(images))
            return images

    monkeypatch.setattr(latency.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(latency, "SECONDS", 1e9)
    assert latency.profile(a_rehearsal(tmp_path, model=Slows())) == {
        "latency_ms": {"1": pytest.approx(1.0), "64": pytest.approx(64.0)}
    }
    assert passes[0] == 2 * latency.MOST
