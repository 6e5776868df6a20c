"""Methods fitted to a tiny task: what tests of their properties share."""

import dataclasses
from pathlib import Path
from typing import Any

import torch

from bench.catalog import METHODS
from bench.contracts.data import Places
from bench.contracts.networks import Backbone
from bench.contracts.training import Fitted, Task
from bench.data.batches import ImageBatches, fetch
from bench.suites.choices import make
from tests.material import tiny


def task_for(folder: Path, places: Places, *overrides: str) -> tuple[Any, Task, Backbone]:
    """Return the method of a tiny cell, its task and its backbone."""
    cell = tiny.one_cell(folder, *overrides)
    task, backbone = tiny.task_of(cell, places)
    return make(METHODS, cell.method), task, backbone


def trained_by(task: Task, **changes: Any) -> Task:
    """Return the task with other training keys."""
    return dataclasses.replace(task, training=dataclasses.replace(task.training, **changes))


def state_of(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return a copy of a module's state."""
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def moved(before: dict[str, torch.Tensor], module: torch.nn.Module) -> set[str]:
    """Return the names of what is no longer as it was."""
    return {name for name, tensor in module.state_dict().items() if not torch.equal(tensor, before[name])}


def loaded(fitted: Fitted) -> Any:
    """Return the chosen module, in `eval()`."""
    fitted.module.load_state_dict(fitted.states[fitted.chosen], strict=False)
    return fitted.module.eval().requires_grad_(False)


def images_of(task: Task, count: int) -> torch.Tensor:
    """Return the first normalised images."""
    return fetch(ImageBatches(task.images, task.backbone.input, "cpu"), torch.arange(count).numpy())
