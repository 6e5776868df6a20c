"""What the parameter-efficient methods share: what was put into a frozen network learns, with a new head."""

from collections.abc import Collection
from typing import Literal

import torch
from torch import nn

from bench.contracts.training import Fitted, Task
from bench.errors import InvalidData
from bench.methods.gradient import Tuning, fit_backbone

Norm = Literal["frozen", "adapt"]
"""Whether normalisation keeps its weights and statistics, or learns with the adapters."""


def fit_adapted(task: Task, norm: Norm, method: str, active: Collection[str] = ()) -> Fitted:
    """Train the parameters that the backbone was not built with, and its normalisation where asked.

    `active` names modules that are in training mode though not all in them learns: those with dropout of their own.
    """
    network = task.backbone.network
    if norm == "frozen":
        refuse_shut_branches(network, method)
    built = {id(tensor) for tensor in task.backbone.state.values()}
    learning = [name for name, parameter in network.named_parameters() if id(parameter) not in built]
    if norm == "adapt":
        learning += norm_parameters(network)
    return fit_backbone(task, Tuning(learning, active=active))


def norm_parameters(network: nn.Module) -> list[str]:
    """Return the names of the parameters of all normalisation layers."""
    return [
        f"{prefix}.{name}"
        for prefix, module in network.named_modules()
        if is_norm(module)
        for name, _ in module.named_parameters(recurse=False)
    ]


def is_norm(module: nn.Module) -> bool:
    """Say whether a module normalises: by its class's name, since libraries have classes of their own."""
    return any("Norm" in cls.__name__ for cls in type(module).__mro__)


def refuse_shut_branches(network: nn.Module, method: str) -> None:
    """Refuse a network whose frozen normalisation multiplies by nothing but zeros.

    Untrained residual networks start with such branches (Goyal et al., 2017): adapters in them would get no gradient.
    """
    for name, module in network.named_modules():
        weight = getattr(module, "weight", None)
        if is_norm(module) and isinstance(weight, torch.Tensor) and not bool(weight.any()):
            raise InvalidData(
                f"{method}: the weights of {name} are all zero, as in an untrained network: adapters before it get no "
                "gradient; take trained weights, or write norm: adapt"
            )
