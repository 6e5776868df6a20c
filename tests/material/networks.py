"""What every network of every source must do: the contract that tests of the sources share."""

from collections import Counter
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from bench.backbones.building import frozen_names, state_sha256, train_only
from bench.backbones.sources import source_of
from bench.contracts.networks import Backbone


def build(name: str, size: int, checkpoint: Path | None = None, seed: int = 0) -> Backbone:
    """Build a backbone from a seed."""
    torch.manual_seed(seed)
    return source_of(name).build(name, checkpoint, size)


def hashes(network: nn.Module) -> dict[str, str]:
    """Return a hash of each tensor of a network's state."""
    state = network.state_dict()
    return {name: state_sha256(state, [name]) for name in state}


def assert_is_a_backbone(name: str, size: int, tmp_path: Path) -> None:
    """Assert all that the harness relies on."""
    backbone = build(name, size)
    assert_features_and_stages(backbone, size)
    assert_random_weights_repeat(name, size, backbone)
    assert_file_round_trip(name, size, backbone, tmp_path)
    assert_only_the_last_stage_learns(backbone, size)


def assert_features_and_stages(backbone: Backbone, size: int) -> None:
    """Features are (2, D), finite and not all alike; each parameter lies in exactly one stage."""
    network = backbone.network.eval()
    with torch.no_grad():
        features = network(torch.randn(2, 3, size, size))
    assert features.shape == (2, backbone.width)
    assert torch.isfinite(features).all()
    assert features.std() > 0
    named = dict(network.named_parameters())
    counted = Counter(parameter for stage in backbone.stages for parameter in stage)
    assert counted == Counter(list(named))
    assert len(backbone.stages) >= 2
    for stage in backbone.stages[1:]:
        assert any(named[parameter].ndim >= 2 for parameter in stage), stage
    assert 0 < backbone.input.crop_pct <= 1
    assert len(backbone.input.mean) == len(backbone.input.std) == 3


def assert_random_weights_repeat(name: str, size: int, backbone: Backbone) -> None:
    """The same seed gives the same bits, another one others."""
    assert hashes(build(name, size).network) == hashes(backbone.network)
    assert hashes(build(name, size, seed=1).network) != hashes(backbone.network)


def assert_file_round_trip(name: str, size: int, backbone: Backbone, tmp_path: Path) -> None:
    """Weights that were saved come back bit for bit, whatever the generator holds."""
    file = tmp_path / "weights.safetensors"
    save_file({key: tensor.contiguous() for key, tensor in backbone.network.state_dict().items()}, file)
    assert hashes(build(name, size, file, seed=5).network) == hashes(backbone.network)


def assert_only_the_last_stage_learns(backbone: Backbone, size: int) -> None:
    """One step in training mode leaves all before it as it was, buffers included."""
    network = backbone.network
    last = set(backbone.stages[-1])
    train_only(network, last)
    frozen = frozen_names(network)
    before = hashes(network)
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(learning, lr=0.1, weight_decay=0.1)
    network(torch.randn(2, 3, size, size)).square().mean().backward()
    optimizer.step()
    after = hashes(network)
    moved = {key for key in before if before[key] != after[key]}
    assert moved
    assert not moved & frozen
    assert frozen >= {key for key, _ in network.named_parameters()} - last
    assert moved <= set(network.state_dict()) - frozen
