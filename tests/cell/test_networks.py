"""The networks of a cell are what they were built as, whatever a method puts around them."""

from pathlib import Path
from typing import Any

from torch import nn

from bench.cell.networks import build, tensor_hashes
from bench.contracts.data import Places
from tests.material import tiny


def test_state_is_hashed_whatever_is_put_around_the_network(tmp_path: Path, places: Places) -> None:
    """By the tensors themselves: a wrapped module's names differ, its tensors don't."""
    cell = tiny.one_cell(tmp_path)
    backbone = build(cell, tiny.job_of(cell, places).weights)
    before = tensor_hashes(backbone)
    network: Any = backbone.network
    parameter = next(network.layer1.parameters())
    name = next(name for name, tensor in backbone.state.items() if tensor is parameter)
    network.layer1 = nn.Sequential(network.layer1)
    assert name not in network.state_dict()
    parameter.data.add_(1.0)
    after = tensor_hashes(backbone)
    assert {key for key in before if before[key] != after[key]} == {name}
