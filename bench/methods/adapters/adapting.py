"""What the parameter-efficient methods share: what was put into a frozen network learns, with a new head."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import nn

from bench.contracts.training import Fitted, Task
from bench.errors import InvalidData
from bench.methods.adapters.bottlenecks import add_bottlenecks
from bench.methods.adapters.injection import add_factors, add_low_rank
from bench.methods.adapters.prompts import add_tokens
from bench.methods.descriptions import Adding, Bottlenecks, Factors, LowRank, Tokens, Tuning
from bench.methods.gradient import fit_backbone

ADDS: Mapping[type, Callable[[Task, Any, str], Collection[str]]] = {
    LowRank: add_low_rank,
    Factors: add_factors,
    Bottlenecks: add_bottlenecks,
    Tokens: add_tokens,
}
"""What puts each into the backbone; it returns the modules with dropout of their own, which is for training alone."""


def fit_adapted(task: Task, adding: Adding, method: str) -> Fitted:
    """Train the parameters that the backbone was not built with, and its normalisation where asked."""
    active = ADDS[type(adding.what)](task, adding.what, method)
    network = task.backbone.network
    if adding.norm == "frozen":
        refuse_shut_branches(network, method)
    # by identity, since the tensors that adapters are around have other names now
    built = {id(tensor) for tensor in task.backbone.state.values()}
    learning = [name for name, parameter in network.named_parameters() if id(parameter) not in built]
    if adding.norm == "adapt":
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
