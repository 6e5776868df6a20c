"""Cells of known networks and times, as profiles see them."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from bench.cell.profiling import Rehearsal
from bench.contracts.networks import FrozenPart
from bench.contracts.training import Trace, Watch
from tests.material.examples import a_cell

SIDE = 8
"""Of the images."""


class Convolution(nn.Module):
    """Two convolutions and a head; the arithmetic of each is known."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.second = nn.Conv2d(4, 6, 3, padding=1, stride=2)
        self.head = nn.Linear(6, 5)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (B, 5)."""
        return self.head(self.features(images))

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Return features (B, 6)."""
        return torch.relu(self.second(torch.relu(self.first(images)))).mean((2, 3))


def a_trace(**changes: Any) -> Trace:
    """Eight steps of 16 images that took 20 ms each, after a long first one."""
    wall_s = changes.get("wall_s", [9.0, *[0.02] * 8])
    steps: dict[str, Any] = {
        "wall_s": wall_s,
        "cpu_s": wall_s,
        "images": [16] * len(wall_s),
        "losses": [1.0] * len(wall_s),
        "warmup_steps": 1,
        "batch_effective": 16,
        "optimizer_exact": True,
        "optimizer_kind": "fused",
    }
    return Trace(**{**steps, **changes})


def a_fitted(model: Any = None, part: FrozenPart | None = None, **changes: Any) -> Any:
    """What a method returned, as far as a profile looks at it."""
    model = model or Convolution()
    return SimpleNamespace(**{"model": model, "module": model, "part": part, "trace": a_trace(), **changes})


def a_rehearsal(
    folder: Path, model: Any = None, again: Callable[[Watch], Any] | None = None, **changes: Any
) -> Rehearsal:
    """A cell that has run; trained again, it gives the same."""
    fitted = a_fitted(model, **changes)
    return Rehearsal(a_cell(image_size=SIDE), fitted, again or (lambda watch: fitted), folder)
