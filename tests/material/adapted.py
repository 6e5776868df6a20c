"""Cells of parameter-efficient methods on two small networks, fitted: what their tests share."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from bench.catalog import METHODS
from bench.contracts.data import Places
from bench.contracts.networks import Backbone
from bench.contracts.training import Fitted, Task
from bench.suites.choices import make
from tests.material import tiny


def prepare(folder: Path, places: Places, backbone: str, method: str, *overrides: str) -> tuple[Any, Task]:
    """Return the method of a tiny cell and its task; branches of a residual network that start shut are opened."""
    cell = tiny.one_cell(folder, f"grid.method=[{method}]", f"grid.backbone={backbone}", *overrides)
    task, built = tiny.task_of(cell, places)
    open_branches(built.network)
    return make(METHODS, cell.method), task


def open_branches(network: nn.Module) -> None:
    """Give normalisation layers that multiply by zeros ones instead."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and not module.weight.any():
            nn.init.ones_(module.weight)


def fit(folder: Path, places: Places, backbone: str, method: str, *overrides: str) -> tuple[Fitted, Backbone, set[str]]:
    """Fit; return what came of it, the backbone, and the names of the tensors it was built with that moved."""
    made, task = prepare(folder, places, backbone, method, *overrides)
    before = {name: tensor.detach().clone() for name, tensor in task.backbone.state.items()}
    fitted = made.fit(task)
    moved = {name for name, tensor in task.backbone.state.items() if not torch.equal(before[name], tensor)}
    return fitted, task.backbone, moved


def start(folder: Path, places: Places, backbone: str, method: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return features of the plain network, and of the adapted one before anything was learnt.

    A head of zeros sends no gradient into the backbone in the first step.
    """
    made, task = prepare(folder, places, backbone, method, "train.steps=1", "train.weight_decay=0")
    plain = features(task.backbone.network)
    made.fit(task)
    return plain, features(task.backbone.network)


def features(network: nn.Module) -> torch.Tensor:
    """Return what a network in `eval()` gives for the same four images each time, (4, D)."""
    images = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found: torch.Tensor = network.eval()(images)
    return found


def norms(network: nn.Module) -> set[str]:
    """Return the names of all tensors of normalisation layers."""
    return {
        f"{prefix}.{name}"
        for prefix, module in network.named_modules()
        if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm))
        for name in module.state_dict()
    }
