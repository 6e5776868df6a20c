"""The parts of a step and the memory that it holds, on networks of which both are known."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from bench.cell.profiles import anatomy
from bench.contracts.training import Watch
from tests.material.rehearsals import a_rehearsal, a_trace

PARTS = ("data", "copy", "forward", "backward", "optimiser")


class Drawn:
    """Inputs of 12 numbers each."""

    def read(self, index: Any, generator: torch.Generator | None) -> torch.Tensor:
        """Draw them."""
        return torch.randn(len(index), 12)

    def place(self, batch: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
        """Return them as they are."""
        return batch


def train(watch: Watch, model: nn.Module, optimizer: torch.optim.Optimizer, batches: Sequence[int]) -> None:
    """Train as the loop does on batches of some sizes, showing the watch all that it may see."""
    inputs = watch.inputs(Drawn())
    for batch in batches:
        watch.mark("begin")
        images = inputs.read(np.arange(batch), None)
        watch.mark("data")
        images = inputs.place(images, None)
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
    watch = anatomy.Anatomy("cpu", 3, full=7)
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
    model, watch = two_layers(), anatomy.Anatomy("cpu", 3, full=7)
    train(watch, model, optimizer(model.parameters()), [7] * 3)
    assert watch.bytes == {"activations": 7 * (12 + 5) * 4, "gradients": 83 * 4, "optimiser": state}


def test_frozen_parts_need_no_gradients_and_keep_nothing() -> None:
    """What is kept is the input of the layer that learns."""
    model, watch = two_layers(), anatomy.Anatomy("cpu", 3, full=7)
    model[0].requires_grad_(False)
    train(watch, model, torch.optim.AdamW(model[2].parameters()), [7] * 3)
    assert watch.bytes == {"activations": 7 * 5 * 4, "gradients": 18 * 4, "optimiser": 2 * 18 * 4 + 2 * 4}


@pytest.mark.parametrize("sizes", [[7, 2, 7, 2, 7], [7, 7, 2, 7, 7], [7, 8, 7, 8]], ids=str)
def test_memory_is_that_of_a_full_batch(sizes: list[int]) -> None:
    """Whatever comes second; a batch that took one image along is none."""
    model, watch = two_layers(), anatomy.Anatomy("cpu", len(sizes), full=7)
    train(watch, model, torch.optim.AdamW(model.parameters()), sizes)
    assert watch.bytes["activations"] == 7 * (12 + 5) * 4
    assert watch.images == sizes


def profiled(folder: Path, sizes: list[int], seconds: list[float], **changes: Any) -> dict[str, Any]:
    """Return the profile of a training on batches of some sizes whose parts take so many seconds each."""
    model = two_layers()

    def again(watch: Watch) -> Any:
        assert isinstance(watch, anatomy.Anatomy)
        seen = sizes[: watch.last_step]
        train(watch, model, torch.optim.AdamW(model.parameters()), seen)
        watch.seconds = {part: seconds[: len(seen)] for part in PARTS}
        return SimpleNamespace(model=model, trace=SimpleNamespace(images=seen, **changes))

    trace = a_trace(wall_s=seconds, images=sizes, batch_effective=sizes[0])
    return anatomy.profile(a_rehearsal(folder, again=again, trace=trace))


def test_parts_of_a_step_are_those_of_full_batches(tmp_path: Path) -> None:
    """Every other batch is short and quick: the median would be that of neither, or of the short ones."""
    found = profiled(tmp_path, [7, 2] * 40, [0.030, 0.001] * 40)
    assert found["anatomy_ms"] == {part: pytest.approx(30.0) for part in PARTS}
    assert found["memory_mib_by_kind"]["activations"] == 7 * (12 + 5) * 4 / 2**20


def test_a_training_without_a_full_batch_after_the_warmup_has_no_parts(tmp_path: Path) -> None:
    """The first step takes what no later one does; the record says why there is nothing."""
    found = profiled(tmp_path, [7, 2, 7, 2], [9.0, 0.001, 0.030, 0.001])
    assert "anatomy_ms" not in found
    assert found["profile_reason"].startswith("parts of a step: no full batch after 3 steps of warm-up")
    assert found["memory_mib_by_kind"]["activations"] == 7 * (12 + 5) * 4 / 2**20


def test_steps_of_several_loops_are_not_mixed(tmp_path: Path) -> None:
    """The trace is of the last one."""

    def again(watch: Watch) -> Any:
        model = two_layers()
        for _ in range(2):
            train(watch, model, torch.optim.AdamW(model.parameters()), [7] * 20)
        return SimpleNamespace(model=model, trace=SimpleNamespace(images=[7] * 20))

    trace = a_trace(images=[7] * 9, batch_effective=7)
    assert "more than one loop" in anatomy.profile(a_rehearsal(tmp_path, again=again, trace=trace))["profile_reason"]


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
        train(watch, model, torch.optim.AdamW(model.parameters()), [7] * watch.last_step)
        measured = watch.last_step - anatomy.WARMUP
        watch.seconds = {part: [100.0] * anatomy.WARMUP + [0.5, 0.001, *[0.003] * measured] for part in PARTS}
        return SimpleNamespace(model=model, trace=SimpleNamespace(images=[7] * watch.last_step))

    rehearsal = a_rehearsal(
        tmp_path, again=again, trace=a_trace(wall_s=[0.02] * 40, images=[7] * 40, batch_effective=7)
    )
    found = anatomy.profile(rehearsal)
    assert found["anatomy_ms"] == {part: pytest.approx(3.0) for part in PARTS}
    bytes_by_kind = {kind: mib * 2**20 for kind, mib in found["memory_mib_by_kind"].items()}
    assert bytes_by_kind["weights"] == (83 + 3 + 3 + 3 + 3) * 4 + 8
    assert bytes_by_kind["gradients"] == (83 + 6) * 4
    assert bytes_by_kind["optimiser"] == 2 * (83 + 6) * 4 + 6 * 4
    assert bytes_by_kind["activations"] > 7 * (12 + 5) * 4
    assert seen == [anatomy.WARMUP + rehearsal.steps]
