"""A backbone knows its tensors by the names that they had before any method worked on it."""

import dataclasses

import torch
from torch import nn

from bench.contracts.networks import Backbone, InputSpec

SPEC = InputSpec((0.5, 0.5, 0.5), (0.5, 0.5, 0.5), "bilinear", 1.0, 32)


def a_backbone() -> Backbone:
    """A layer and its normalisation: parameters and buffers."""
    network = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    return Backbone(network, 3, (("0.weight", "0.bias"), ("1.weight", "1.bias")), SPEC)


def test_state_holds_parameters_and_buffers_themselves() -> None:
    """Not copies: what training changes is seen in it."""
    backbone = a_backbone()
    assert set(backbone.state) == set(backbone.network.state_dict())
    assert backbone.state["0.weight"] is backbone.network.get_parameter("0.weight")
    before = backbone.state["1.running_mean"].clone()
    backbone.network.train()(torch.ones(8, 4))
    assert not torch.equal(backbone.state["1.running_mean"], before)


def test_state_keeps_its_names_when_a_method_wraps_the_network() -> None:
    """The network's own names change, those of the state don't."""
    backbone = a_backbone()
    names, weight = set(backbone.state), backbone.state["0.weight"]
    network = backbone.network
    assert isinstance(network, nn.Sequential)
    network[0] = nn.Sequential(network[0], nn.Identity())
    assert set(network.state_dict()) != names == set(backbone.state)
    assert backbone.state["0.weight"] is weight is network.get_parameter("0.0.weight")


def test_state_is_taken_anew_where_a_backbone_is_made_again() -> None:
    """As after its network has moved to a device, which replaces tensors."""
    backbone = a_backbone()
    backbone.network.to(torch.float64)
    again = dataclasses.replace(backbone)
    assert again.network is backbone.network
    assert {tensor.dtype for name, tensor in again.state.items() if "num_batches" not in name} == {torch.float64}


def test_backbones_compare_without_their_tensors() -> None:
    """Comparing tensors gives tensors."""
    backbone = a_backbone()
    assert dataclasses.replace(backbone) == backbone
    assert "state" not in repr(backbone)
