"""Small networks around frozen modules of a backbone, put there in place."""

from collections import OrderedDict
from collections.abc import Collection
from typing import Any

import torch
from torch import nn

from bench.contracts.training import Task
from bench.errors import InvalidData
from bench.methods.adapters.families import family_of, is_plain, modules_at, output_shapes
from bench.methods.descriptions import Bottlenecks


def add_bottlenecks(task: Task, added: Bottlenecks, method: str) -> Collection[str]:
    """Put adapters around the blocks' parts, random but for their last layer, which is zero; none has dropout."""
    network = task.backbone.network
    family = family_of(network, method)
    names = modules_at(network, family.mlp_out, family.attention_out if added.form == "serial" else "")
    convolutions = [] if names else _spatial(network, family.convolution_out)
    if not names and not convolutions:
        raise InvalidData(f"{method}: finds no place in this {type(network).__name__}; take another backbone")
    shapes = output_shapes(task, names or convolutions, method)
    # after the look at shapes, so that the start hangs on the cell's seed and on nothing that was drawn before
    torch.manual_seed(task.seed_of("init"))
    for name, shape in shapes.items():
        base = network.get_submodule(name)
        adapted = Serial(base, _pointwise(shape[1]), 1.0) if convolutions else _around(base, added, shape[-1])
        network.set_submodule(name, adapted.to(task.device))
    return ()


def _around(base: nn.Module, added: Bottlenecks, channels: int) -> "Adapted":
    """Return a part of a transformer block with a bottleneck behind or beside it."""
    if added.form == "serial":
        return Serial(base, _bottleneck(channels, added.width, nn.GELU()), 1.0)
    return Parallel(base, _bottleneck(channels, added.width, nn.ReLU()), added.scale)


def _spatial(network: nn.Module, pattern: str) -> list[str]:
    """Return the convolutions with kernels of more than one pixel; all where every kernel is of one."""
    names = [name for name in modules_at(network, pattern) if is_plain(network.get_submodule(name))]
    wide = [name for name in names if network.get_submodule(name).kernel_size != (1, 1)]
    return wide or names


def _bottleneck(channels: int, width: int, activation: nn.Module) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(down=nn.Linear(channels, width), activation=activation, up=zeroed(nn.Linear(width, channels)))
    )


def _pointwise(channels: int) -> nn.Module:
    return zeroed(nn.Conv2d(channels, channels, 1, bias=False))


def zeroed(layer: nn.Linear | nn.Conv2d) -> nn.Linear | nn.Conv2d:
    """Return a layer that gives zeros."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


class Adapted(nn.Module):
    """A module with an adapter."""

    def __init__(self, base: nn.Module, adapter: nn.Module, scale: float) -> None:
        super().__init__()
        self.base = base
        self.adapter = adapter
        self.scale = scale


class Serial(Adapted):
    """The adapter sees what the module gives."""

    def forward(self, *arguments: Any, **named: Any) -> torch.Tensor:
        """Return the sum of both."""
        outputs: torch.Tensor = self.base(*arguments, **named)
        added: torch.Tensor = self.scale * self.adapter(outputs)
        return outputs + added


class Parallel(Adapted):
    """The adapter sees what the module sees."""

    def forward(self, inputs: torch.Tensor, *arguments: Any, **named: Any) -> torch.Tensor:
        """Return the sum of both."""
        outputs: torch.Tensor = self.base(inputs, *arguments, **named)
        added: torch.Tensor = self.scale * self.adapter(inputs)
        return outputs + added
