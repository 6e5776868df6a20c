"""Who looks on while a loop trains: hears each part of each step in order, and changes nothing."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from bench.catalog import METHODS
from bench.contracts.data import Places
from bench.contracts.training import Fitted, Inputs, Watch
from bench.data.batches import Index
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
    assert (len(fitted.states), fitted.choice) == (1, {"step": 3})


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
