"""What each way of pre-training alone does."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.data.batches import ImageBatches, fetch
from bench.data.decode import Pixels
from bench.errors import InvalidData
from bench.pretraining import heads
from bench.pretraining.context import PLACES, Context
from bench.pretraining.denoising import Denoising, corrupt
from bench.pretraining.masked import draw_mask, masked_error
from bench.pretraining.simclr import nt_xent
from bench.pretraining.supervised import Supervised
from tests.material.pretrainings import task_in


def test_supervised_starts_at_the_logarithm_of_the_classes_and_gives_its_head(glyphs: Pixels, tmp_path: Path) -> None:
    """On 62 classes; the head is a classifier of the features."""
    task = task_in(tmp_path, glyphs)
    made = Supervised(epochs=0.1).train(task)
    assert made.losses[0] == pytest.approx(math.log(62), abs=1e-4)
    assert made.head is not None
    assert made.head.weight.shape == (62, task.backbone.width)
    assert 0 <= made.figures["held_out_accuracy"] <= 1


def test_supervised_refuses_one_class(glyphs: Pixels, tmp_path: Path) -> None:
    """There is nothing to tell apart."""
    one = dataclasses.replace(task_in(tmp_path, glyphs), labels=np.zeros_like(glyphs.labels))
    with pytest.raises(InvalidData, match="one class only"):
        Supervised().train(one)


def test_corrupted_image_is_another_one_and_the_target_is_clean() -> None:
    """A share of the pixels is lost in all channels; the images themselves are left as they are."""
    images = torch.rand(16, 3, 20, 20) + 1
    clean = images.clone()
    corrupted = corrupt(images, 0.3, 0.0, torch.Generator().manual_seed(0))
    lost = (corrupted == 0).all(1)
    assert torch.equal(images, clean)
    assert float(lost.float().mean()) == pytest.approx(0.3, abs=0.02)
    assert torch.equal(corrupted[~lost[:, None].expand_as(images)], images[~lost[:, None].expand_as(images)])
    noisy = corrupt(images, 0.0, 0.5, torch.Generator().manual_seed(0)) - images
    assert float(noisy.std()) == pytest.approx(0.5, abs=0.02)


def test_denoising_pays_for_the_distance_to_the_clean_image(
    glyphs: Pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decoder that draws zeros pays the mean square of the normalised images, whatever the corruption."""
    monkeypatch.setattr(
        heads.Decoder, "forward", lambda self, features: 0 * features.mean() * torch.ones(64, 3, 32, 32)
    )
    few = dataclasses.replace(glyphs, images=glyphs.images[:64], labels=glyphs.labels[:64])
    task = task_in(tmp_path, few)
    (loss,) = Denoising(steps=1, batch_size=64, masked=0.5, noise=2.0).train(task).losses
    images = fetch(ImageBatches(few.images, task.backbone.input, "cpu"), np.arange(64))
    assert loss == pytest.approx(float(images.square().mean()), rel=1e-4)


@pytest.mark.parametrize(("size", "patches", "ratio"), [(32, 8, 0.6), (30, 7, 0.5), (224, 7, 0.6), (32, 2, 0.01)])
def test_mask_hides_the_same_number_of_whole_patches_in_each_image(size: int, patches: int, ratio: float) -> None:
    """And others in each."""
    mask = draw_mask(20, size, patches, ratio, torch.Generator().manual_seed(0))
    assert mask.shape == (20, 1, size, size)
    side = math.ceil(size / patches)
    corners = mask[:, 0, ::side, ::side]
    assert set(corners.flatten(1).sum(1).tolist()) == {max(1, round(ratio * corners[0].numel()))}
    grown = corners.repeat_interleave(side, 1).repeat_interleave(side, 2)[:, :size, :size]
    assert torch.equal(grown, mask[:, 0])
    assert len({tuple(each.flatten().tolist()) for each in corners}) > 1


def test_masked_loss_is_of_hidden_pixels_alone() -> None:
    """Other visible pixels change nothing; other hidden ones do. It is the mean over hidden pixels and channels."""
    generator = torch.Generator().manual_seed(0)
    images, drawn = torch.rand(2, 4, 3, 16, 16, generator=generator)
    mask = draw_mask(4, 16, 4, 0.5, generator)
    loss = masked_error(drawn, images, mask)
    changed = torch.where(mask, images, images + 7)
    assert torch.equal(masked_error(drawn, changed, mask), loss)
    assert masked_error(drawn, torch.where(mask, images + 7, images), mask) > loss + 5
    everywhere = mask.expand_as(images)
    torch.testing.assert_close(loss, (drawn - images)[everywhere].abs().mean())


def nine_shades(size: int) -> torch.Tensor:
    """An image of three by three squares, each as bright as its number, row by row."""
    cells = torch.arange(9.0).view(3, 3)
    side = math.ceil(size / 3)
    return cells.repeat_interleave(side, 0).repeat_interleave(side, 1)[:size, :size].expand(1, 3, size, size)


def test_labels_of_the_eight_places_are_those_of_the_patches() -> None:
    """A patch of each third of the image has one shade: the middle is 4, its neighbours the other eight in order."""
    images = nine_shades(48).repeat(8, 1, 1, 1)
    objective = Context(patch=0.24, gap=0.35, jitter=0.02)
    for seed in range(5):
        middle, other = objective.pairs(images, torch.arange(8), torch.Generator().manual_seed(seed))
        shades = other[:, 0, 24, 24]
        assert torch.equal(middle[:, 0, 24, 24], torch.full((8,), 4.0))
        assert shades.round().tolist() == [0, 1, 2, 3, 5, 6, 7, 8]
    assert PLACES.index((1, -1)) == 2, "to the right and up"


def test_patches_do_not_touch_and_lie_within_the_image() -> None:
    """Even where both are moved towards each other as far as they may be."""
    objective = Context()
    assert objective.slack >= 0
    assert objective.gap > 2 * objective.jitter


def test_context_starts_at_chance(glyphs: Pixels, tmp_path: Path) -> None:
    """One of eight places."""
    (loss,) = Context(steps=1, batch_size=256).train(task_in(tmp_path, glyphs)).losses
    assert loss == pytest.approx(math.log(8), abs=0.15)


def test_a_grid_that_is_larger_than_the_image_is_refused(glyphs: Pixels, tmp_path: Path) -> None:
    """Before training."""
    with pytest.raises(InvalidData, match="larger than the image"):
        Context(patch=0.3).train(task_in(tmp_path, glyphs))


def test_nt_xent_is_what_the_paper_defines() -> None:
    """Two images with two views each, worked out by hand: the mean over the four views of -log of its share."""
    first = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    second = torch.tensor([[3.0, 0.0], [1.0, 1.0]])
    half = math.sqrt(0.5)
    likeness = [[None, 0.0, 1.0, half], [0.0, None, 0.0, half], [1.0, 0.0, None, half], [half, half, half, None]]
    partners = [2, 3, 0, 1]
    losses = []
    for row, partner in zip(likeness, partners, strict=True):
        others = sum(math.exp(value / 0.5) for value in row if value is not None)
        mine = row[partner]
        assert mine is not None
        losses.append(-math.log(math.exp(mine / 0.5) / others))
    assert float(nt_xent(first, second, 0.5)) == pytest.approx(sum(losses) / 4, rel=1e-5)


def test_nt_xent_is_lower_for_views_that_agree() -> None:
    """Lowest for equal views; for strangers it is near the logarithm of all the others."""
    generator = torch.Generator().manual_seed(0)
    images, strangers = torch.randn(2, 64, 128, generator=generator)
    aligned, near = nt_xent(images, images, 0.5), nt_xent(images, images + strangers, 0.5)
    apart = nt_xent(images, strangers, 0.5)
    assert aligned < near < apart
    assert float(apart) == pytest.approx(math.log(127), abs=0.1)
