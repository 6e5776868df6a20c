"""What a method sees and gives; a watch hears each part of each training step in order, and changes nothing."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from bench.catalog import METHODS
from bench.contracts.data import Places
from bench.contracts.networks import Backbone, FrozenPart, InputSpec
from bench.contracts.training import Fitted, Inputs, Task, Trace, Watch
from bench.data.batches import Index
from bench.schema import Training
from bench.suites.choices import make
from tests.material import tiny

STEP = ["begin", "data", "copy", "enter", "leave", "forward", "backward", "optimiser", "stepped"]
METHOD = pytest.mark.parametrize(
    "method", ["finetune", "mlp_probe", "[{name: partial_finetune, prefix: cached}]"], ids=["images", "rows", "maps"]
)


class Noting(Watch):
    """Notes all that it hears."""

    def __init__(self, last_step: int | None = None) -> None:
        self.last_step = last_step
        self.heard: list[str] = []
        self.read: list[Index] = []

    def inputs(self, inputs: Inputs) -> Inputs:
        self.heard.append("inputs")
        return Reading(inputs, self.read)

    def mark(self, part: str) -> None:
        self.heard.append(part)

    @contextlib.contextmanager
    def forward(self, module: nn.Module) -> Iterator[None]:
        self.heard.append("enter")
        assert all(parameter.grad is None for parameter in module.parameters())
        yield
        self.heard.append("leave")

    def stepped(self, module: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        self.heard.append("stepped")
        assert any(parameter.grad is not None for parameter in module.parameters())
        held = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
        assert held == {id(parameter) for parameter in module.parameters() if parameter.requires_grad}


@dataclasses.dataclass
class Reading:
    """Inputs that note what is read of them."""

    source: Inputs
    seen: list[Index]

    def read(self, index: Index, generator: torch.Generator | None) -> torch.Tensor:
        self.seen.append(index)
        return self.source.read(index, generator)

    def place(self, batch: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
        return self.source.place(batch, generator)


def fit(folder: Path, places: Places, method: str, watch: Watch) -> Fitted:
    """Train ten steps under somebody's eyes, with validation in between."""
    cell = tiny.one_cell(folder, f"grid.method={method}", "train.steps=10", "train.checkpoints=2")
    task, _ = tiny.task_of(cell, places)
    fitted: Fitted = make(METHODS, cell.method).fit(dataclasses.replace(task, watch=watch))
    return fitted


@METHOD
def test_each_part_of_each_step_is_heard_in_order(places: Places, tmp_path: Path, method: str) -> None:
    """Training batches are read through the watch, those of validation are not."""
    watch = Noting()
    fitted = fit(tmp_path, places, method, watch)
    assert watch.heard == ["inputs", *STEP * 10]
    assert fitted.trace is not None
    assert [len(index) for index in watch.read] == list(fitted.trace.images)


@METHOD
def test_looking_on_changes_no_bit(places: Places, tmp_path: Path, method: str) -> None:
    """Losses and states are those of a loop that nobody watches."""
    plain, watched = (fit(tmp_path, places, method, watch) for watch in (Watch(), Noting()))
    assert plain.trace is not None
    assert watched.trace is not None
    assert plain.trace.losses == watched.trace.losses
    for one, other in zip(plain.states, watched.states, strict=True):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)


@METHOD
def test_last_step_ends_the_loop_within_the_same_schedule(places: Places, tmp_path: Path, method: str) -> None:
    """The steps until then are those of the whole training; a state is kept at the end."""
    whole = fit(tmp_path, places, method, Watch()).trace
    watch = Noting(last_step=3)
    fitted = fit(tmp_path, places, method, watch)
    assert whole is not None
    assert fitted.trace is not None
    assert fitted.trace.losses == whole.losses[:3]
    assert watch.heard.count("optimiser") == 3
    assert (len(fitted.states), fitted.choice["step"]) == (1, 3)


def test_last_step_past_the_end_adds_none(places: Places, tmp_path: Path) -> None:
    """A profile may ask for more steps than a cell has."""
    fitted = fit(tmp_path, places, "mlp_probe", Noting(last_step=99))
    assert fitted.trace is not None
    assert len(fitted.trace.losses) == 10


def test_nobody_looks_at_nothing() -> None:
    """The plain watch gives inputs back as they are."""
    inputs = Reading(source=None, seen=[])  # type: ignore[arg-type]
    assert Watch().inputs(inputs) is inputs
    assert Watch().last_step is None
    with Watch().forward(nn.Identity()):
        Watch().mark("begin")


def a_task(fit: list[int], val: list[int], count: int = 6) -> Task:
    """A task on a few black images."""
    plain = InputSpec((0.5, 0.5, 0.5), (0.5, 0.5, 0.5), "bilinear", 1.0, 2)
    return Task(
        backbone=Backbone(nn.Flatten(), 12, (), plain),
        n_classes=2,
        images=np.zeros((count, 2, 2, 3), np.uint8),
        labels=np.zeros(count, np.int64),
        fit_index=np.array(fit, np.int64),
        val_index=np.array(val, np.int64),
        outputs=lambda part, view: torch.zeros(count, 12),
        training=Training(),
        device="cpu",
        precision="fp32",
        seed_of=len,
        progress=tiny.ignore,
        watch=Watch(),
    )


@pytest.mark.parametrize(
    ("fit", "val", "rest"),
    [([4, 1], [0], [2, 3, 5]), ([4, 1], [], [0, 2, 3, 5]), ([], [], [0, 1, 2, 3, 4, 5]), ([5, 4, 3], [2, 1, 0], [])],
    ids=["some", "nothing validates", "no labels", "all labels"],
)
def test_unlabelled_images_are_those_outside_the_budget(fit: list[int], val: list[int], rest: list[int]) -> None:
    """Sorted, and neither to learn from nor to select on."""
    assert a_task(fit, val).unlabelled.tolist() == rest


def test_the_whole_backbone_is_a_frozen_part_of_its_own_name() -> None:
    """Its outputs are what cells share as features."""
    task = a_task([0], [])
    assert (task.whole.name, task.whole.module) == ("features", task.backbone.network)


def a_trace(steps: int, warmup: int, compiled_at: list[int] | None = None) -> Trace:
    """Step `i` took 2 to the `i` seconds, so that a sum tells which steps are in it."""
    return Trace(
        wall_s=[2.0**step for step in range(steps)],
        cpu_s=[0.0] * steps,
        images=[8] * steps,
        losses=[1.0] * steps,
        warmup_steps=warmup,
        batch_effective=8,
        optimizer_exact=True,
        optimizer_kind="fused",
        compiled_at=compiled_at,
    )


@pytest.mark.parametrize(
    ("warmup", "compiled_at", "measured", "compile_s"),
    [
        (2, None, [2, 3, 4], None),
        (2, [0], [2, 3, 4], 1.0),
        (1, [0, 3], [1, 2, 4], 1.0 + 8.0),
        (5, None, [], None),
        (0, [], [0, 1, 2, 3, 4], 0.0),
    ],
    ids=["never compiles", "in its warm-up", "another batch size", "warm-up alone", "no step compiled"],
)
def test_steps_that_warm_up_or_compile_are_not_measured(
    warmup: int, compiled_at: list[int] | None, measured: list[int], compile_s: float | None
) -> None:
    """What compiling took stands apart."""
    trace = a_trace(5, warmup, compiled_at)
    assert trace.measured == measured
    assert trace.compile_s == compile_s


@pytest.mark.parametrize(
    ("images", "full", "measured_full"),
    [
        ([8, 8, 8, 8, 8], [0, 1, 2, 3, 4], [2, 3, 4]),
        ([8, 3, 8, 3, 8], [0, 2, 4], [2, 4]),
        ([8, 8, 9, 8, 8], [0, 1, 3, 4], [3, 4]),
        ([8, 8, 3, 3, 3], [0, 1], []),
    ],
    ids=["all", "every other", "one image more", "warm-up alone"],
)
def test_steps_on_full_batches_are_told_from_others(
    images: list[int], full: list[int], measured_full: list[int]
) -> None:
    """An epoch's last batch is smaller, or has taken a single image along."""
    trace = dataclasses.replace(a_trace(5, 2), images=images)
    assert (trace.full, trace.measured_full) == (full, measured_full)


@pytest.mark.parametrize(
    ("part", "on_features"),
    [("features", True), ("features of layer3 and layer4", True), ("up to layer3", False), (None, False)],
)
def test_a_head_on_features_is_told_from_what_goes_on_inside_the_network(part: str | None, on_features: bool) -> None:
    """By the name of the frozen part before it."""
    before = None if part is None else FrozenPart(part, nn.Identity())
    module: Any = nn.Linear(2, 2)
    fitted = Fitted(module, [{}], 0, module, before, None, "last step", {}, frozenset(), 6, 24)
    assert fitted.on_features == on_features
