"""The parts of a step and the memory that it holds, on networks of which both are known."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from bench.cell.profiles import anatomy
from bench.contracts.training import Watch
from tests.material.rehearsals import a_rehearsal

PARTS = ("data", "copy", "forward", "backward", "optimiser")


def train(watch: Watch, model: nn.Module, optimizer: torch.optim.Optimizer, steps: int, batch: int = 7) -> None:
    """Train as the loop does, showing the watch all that it may see."""
    for _ in range(steps):
        watch.mark("begin")
        images = torch.randn(batch, 12)
        watch.mark("data")
        watch.mark("copy")
        optimizer.zero_grad(set_to_none=True)
        with watch.forward(model):
            loss = model(images).sum()
        watch.mark("forward")
        loss.backward()
        watch.mark("backward")
        optimizer.step()
        watch.mark("optimiser")
        watch.stepped(model, optimizer)


def two_layers() -> nn.Sequential:
    """A network of 12 x 5 + 5 + 5 x 3 + 3 = 83 parameters in 4 tensors."""
    return nn.Sequential(nn.Linear(12, 5), nn.ReLU(), nn.Linear(5, 3))


def test_parts_of_a_step_are_what_passes_between_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each for itself; what lies between two steps belongs to none."""
    now = [0.0]
    monkeypatch.setattr(anatomy.time, "perf_counter", lambda: now[0])
    watch = anatomy.Anatomy("cpu", 3)
    for step in range(3):
        now[0] += 1000.0
        watch.mark("begin")
        for seconds, part in enumerate(PARTS, start=1):
            now[0] += seconds + step
            watch.mark(part)
    assert watch.seconds == {part: [first, first + 1, first + 2] for first, part in enumerate(PARTS, start=1)}


@pytest.mark.parametrize(
    ("optimizer", "state"),
    [
        (lambda parameters: torch.optim.AdamW(parameters), 2 * 83 * 4 + 4 * 4),
        (lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9), 83 * 4),
        (lambda parameters: torch.optim.SGD(parameters, lr=0.1), 0),
    ],
    ids=["two moments and a counter", "one momentum", "nothing"],
)
def test_memory_is_counted_to_the_byte_by_kind(optimizer: Callable[[Any], torch.optim.Optimizer], state: int) -> None:
    """Gradients are as large as what learns; the backward pass keeps the images and what the ReLU gave."""
    model, watch = two_layers(), anatomy.Anatomy("cpu", 3)
    train(watch, model, optimizer(model.parameters()), steps=3)
    assert watch.bytes == {"activations": 7 * (12 + 5) * 4, "gradients": 83 * 4, "optimiser": state}


def test_frozen_parts_need_no_gradients_and_keep_nothing() -> None:
    """What is kept is the input of the layer that learns."""
    model, watch = two_layers(), anatomy.Anatomy("cpu", 3)
    model[0].requires_grad_(False)
    train(watch, model, torch.optim.AdamW(model[2].parameters()), steps=3)
    assert watch.bytes == {"activations": 7 * 5 * 4, "gradients": 18 * 4, "optimiser": 2 * 18 * 4 + 2 * 4}


def test_anatomy_gives_medians_after_the_warmup_and_memory_in_mib(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Buffers count with the weights; the pass is as long as it was asked to be."""
    model = nn.Sequential(two_layers(), nn.BatchNorm1d(3))
    seen: list[int] = []

    def again(watch: Watch) -> Any:
        assert isinstance(watch, anatomy.Anatomy)
        assert watch.last_step is not None
        seen.append(watch.last_step)
        train(watch, model, torch.optim.AdamW(model.parameters()), steps=watch.last_step)
        watch.seconds = {part: [100.0] * anatomy.WARMUP + [0.5, 0.001, 0.003] for part in PARTS}
        return SimpleNamespace(model=model)

    rehearsal = a_rehearsal(tmp_path, again=again)
    found = anatomy.profile(rehearsal)
    assert found["anatomy_ms"] == {part: pytest.approx(3.0) for part in PARTS}
    bytes_by_kind = {kind: mib * 2**20 for kind, mib in found["memory_mib_by_kind"].items()}
    assert bytes_by_kind["weights"] == (83 + 3 + 3 + 3 + 3) * 4 + 8
    assert bytes_by_kind["gradients"] == (83 + 6) * 4
    assert bytes_by_kind["optimiser"] == 2 * (83 + 6) * 4 + 6 * 4
    assert bytes_by_kind["activations"] > 7 * (12 + 5) * 4
    assert seen == [anatomy.WARMUP + rehearsal.steps]
