"""A small residual network of the workloads' own."""

# importing a library's network took half the time of a restart, and its next version would change the workloads

import dataclasses
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from bench.contracts.networks import Backbone, InputSpec
from bench.gate.workloads.conditions import Conditions

STEM = 24
WIDTHS = (24, 48, 96)


class Block(nn.Module):
    """Two convolutions and the way around them (He et al., 2016)."""

    def __init__(self, inside: int, width: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inside, width, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(width)
        self.second = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(width)
        self.around = nn.Conv2d(inside, width, 1, stride, bias=False)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return maps (B, W, H / stride, W / stride)."""
        inner = functional.relu(self.first_norm(self.first(maps)))
        return functional.relu(self.second_norm(self.second(inner)) + self.around(maps))


class Residual(nn.Module):
    """A stem and three blocks: normalised images (B, 3, S, S) to features (B, D)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, STEM, 3, 2, 1)
        before = (STEM, *WIDTHS[:-1])
        self.blocks = nn.Sequential(
            *(Block(inside, width, 1 if inside == width else 2) for inside, width in zip(before, WIDTHS, strict=True))
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return features."""
        maps: torch.Tensor = self.blocks(self.stem(images))
        return maps.mean((2, 3))


def backbone(size: int) -> Backbone:
    """Return the network as methods take one; its weights are drawn from torch's generator."""
    network: Any = Residual()
    prefixes = ("stem.", *(f"blocks.{number}." for number in range(len(WIDTHS))))
    stages = tuple(
        tuple(name for name, _ in network.named_parameters() if name.startswith(prefix)) for prefix in prefixes
    )
    return Backbone(network, WIDTHS[-1], stages, InputSpec((0.5,) * 3, (0.25,) * 3, "bicubic", 1.0, size))


def network(asked: Conditions, size: int) -> Backbone:
    """Return the network with the same random weights on each call, on the device, channels last in memory."""
    torch.manual_seed(0)
    made = backbone(size)
    made.network.to(asked.device).to(memory_format=torch.channels_last)
    return dataclasses.replace(made)  # its state is what lies on the device
