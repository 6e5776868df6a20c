"""The workloads' network is the same each time, and lies in memory as those of cells do."""

import torch

from bench.gate.workloads.conditions import Conditions
from bench.gate.workloads.residual import WIDTHS, network


def test_images_become_features_and_every_parameter_has_its_stage() -> None:
    """(B, 3, S, S) to (B, D)."""
    made = network(Conditions(), 32)
    assert made.network(torch.zeros(2, 3, 32, 32)).shape == (2, made.width) == (2, WIDTHS[-1])
    named = [name for stage in made.stages for name in stage]
    assert sorted(named) == sorted(name for name, _ in made.network.named_parameters())


def test_weights_are_the_same_each_time_and_channels_last() -> None:
    first, second = network(Conditions(), 32), network(Conditions(), 32)
    assert all(torch.equal(tensor, second.state[name]) for name, tensor in first.state.items())
    kernel = first.state["blocks.0.first.weight"]
    assert kernel.is_contiguous(memory_format=torch.channels_last)
    assert kernel is dict(first.network.named_parameters())["blocks.0.first.weight"]
