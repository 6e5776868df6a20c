"""The recurrent network: rows from the upper one on, a module for each layer."""

import pytest
import torch

from bench.backbones import recurrent, sequence
from tests.material import networks


def test_names_and_networks_are_the_same_kinds() -> None:
    """The names stand apart from the networks, since a suite is read without torch."""
    assert set(recurrent.CELLS) == set(sequence.CELLS)


@pytest.mark.parametrize("cell", sequence.CELLS)
def test_features_of_an_image_hang_on_no_other(cell: str) -> None:
    """One row of features for each image, whatever the batch."""
    torch.manual_seed(0)
    network = recurrent.RowReader(cell, 3 * 8, 5, 2).eval()
    images = torch.randn(3, 3, 6, 8)
    with torch.no_grad():
        features = network(images)
        assert features.shape == (3, 5)
        torch.testing.assert_close(network(images[1:2]), features[1:2])


def test_rows_are_read_from_the_upper_one_on() -> None:
    """A change in the last row leaves the states before it alone; one in the first row moves them all."""
    network = networks.build("sequence:lstm-8x1", 16).network
    states: list[torch.Tensor] = []
    network.layers[0].register_forward_hook(lambda module, inputs, outputs: states.append(outputs[0]))
    images = torch.randn(1, 3, 16, 16)
    low, high = images.clone(), images.clone()
    low[:, :, -1] += 1
    high[:, :, 0] += 1
    for each in (images, low, high):
        network(each)
    plain, lower, upper = states
    assert torch.equal(plain[:, :-1], lower[:, :-1])
    assert not torch.equal(plain[:, -1], lower[:, -1])
    assert bool((plain != upper).any(2).all())


def test_features_are_the_mean_state() -> None:
    """Over the rows."""
    network = networks.build("sequence:rnn", 16).network
    images = torch.randn(2, 3, 16, 16)
    rows = images.permute(0, 2, 1, 3)  # (B, rows, channels, columns)
    states = rows.transpose(2, 3).flatten(2)
    for layer in network.layers:
        states, _ = layer(states)
    torch.testing.assert_close(network(images), states.mean(1))
