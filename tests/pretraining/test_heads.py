"""What stands behind the backbone while it is pre-trained."""

import pytest
import torch

from bench.pretraining.heads import MOST_PLACES, PATCH, Decoder, Token, two_layers
from bench.pretraining.masked import draw_mask


def test_masked_network_sees_nothing_of_what_is_hidden() -> None:
    """The token is what it sees there."""
    images, mask = torch.rand(4, 3, 16, 16), draw_mask(4, 16, 4, 0.5, torch.Generator().manual_seed(0))
    token = Token()
    torch.nn.init.constant_(token.colour, 3.0)
    shown = token(images, mask)
    assert bool((shown[mask.expand_as(shown)] == 3).all())
    assert torch.equal(shown[~mask.expand_as(shown)], images[~mask.expand_as(shown)])


@pytest.mark.parametrize("size", [8, 30, 32, 64])
def test_decoder_draws_images_of_any_size(size: int) -> None:
    """Its grid has patches of four pixels or more, and no more than fourteen of them along a side."""
    decoder = Decoder(6, size).eval()
    images = decoder(torch.randn(2, 6))
    assert images.shape == (2, 3, size, size)
    patch = decoder.draw[-1].upscale_factor
    assert patch >= PATCH
    assert decoder.side <= MOST_PLACES
    assert 0 <= decoder.side * patch - size < patch


def test_projection_sees_all_of_its_batch_at_once() -> None:
    """Normalisation between its two layers: in training an image's projection hangs on the others'."""
    head, rows = two_layers(4, 8, 3), torch.randn(6, 4)
    assert head(rows).shape == (6, 3)
    assert not torch.allclose(head(rows)[:3], head(rows[:3]), atol=1e-3)
    head.eval()
    torch.testing.assert_close(head(rows)[:3], head(rows[:3]))
