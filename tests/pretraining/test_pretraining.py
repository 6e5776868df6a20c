"""What every way of pre-training must do, and what each alone does."""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.backbones.building import state_sha256
from bench.catalog import PRETRAINING
from bench.contracts.data import Places
from bench.data.batches import ImageBatches, fetch
from bench.data.decode import Pixels, decode
from bench.data.glyphs import Glyphs
from bench.data.transforms import Geometry
from bench.errors import Diverged, InvalidData
from bench.pretraining import loop
from bench.pretraining.context import PLACES, Context
from bench.pretraining.contract import Pretrained, PretrainingTask
from bench.pretraining.denoising import Denoising, corrupt
from bench.pretraining.masked import draw_mask, masked_error
from bench.pretraining.settings import Settings
from bench.pretraining.simclr import nt_xent
from bench.pretraining.supervised import Supervised
from bench.pretraining.views import blur, distort_colours
from bench.seeding import derive
from tests.material import networks, tiny

SIZE = 32
OBJECTIVES = PRETRAINING.names()


class Interrupted(Exception):
    """What stands for a kill."""


@pytest.fixture(scope="module")
def glyphs(places: Places) -> Pixels:
    """Printed characters as test_resnet wants them."""
    raw = Glyphs(620, 62).load(places)
    return decode(raw, "glyphs of tests", Geometry(SIZE, None, "bilinear"), places.cache_dir, tiny.ignore).split(
        "train"
    )


def short(name: str, steps: int, batch_size: int) -> Any:
    """An objective of so many steps; `supervised` counts in epochs of 589 images, the rest being held out."""
    cls = PRETRAINING.entry(name).load()
    if name == "supervised":
        return cls(epochs=steps / math.ceil(589 / batch_size), batch_size=batch_size)
    return cls(steps=steps, batch_size=batch_size)


def task_in(
    folder: Path, pixels: Pixels, progress: Callable[[str, int, int], None] = tiny.ignore, backbone: str = "test_resnet"
) -> PretrainingTask:
    """A task whose backbone has fresh random weights."""
    folder.mkdir(exist_ok=True)
    labels = pixels.labels
    made = networks.build(backbone, SIZE)
    return PretrainingTask(made, pixels.images, labels, "cpu", folder, lambda use: derive("test", use), progress)


def weights_of(task: PretrainingTask) -> str:
    return state_sha256(task.backbone.network.state_dict())


def fifths(made: Pretrained) -> tuple[float, float]:
    """The mean loss of the first and of the last fifth."""
    fifth = len(made.losses) // 5
    return float(np.mean(made.losses[:fifth])), float(np.mean(made.losses[-fifth:]))


@pytest.mark.parametrize("name", OBJECTIVES)
def test_loss_falls_within_few_steps(name: str, glyphs: Pixels, tmp_path: Path) -> None:
    """By a twentieth or more, and the weights are others than before."""
    task = task_in(tmp_path, glyphs)
    before = weights_of(task)
    steps, batch_size = (30, 32) if name in ("supervised", "simclr") else (20, 16)
    first, last = fifths(short(name, steps, batch_size).train(task))
    assert last < 0.95 * first
    assert weights_of(task) != before


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_transformer_learns_too(name: str, glyphs: Pixels, tmp_path: Path) -> None:
    """Whatever gives features (B, D)."""
    made = short(name, 2, 8).train(task_in(tmp_path, glyphs, backbone="test_vit"))
    assert len(made.losses) == 2
    assert np.isfinite(made.losses).all()


@pytest.mark.parametrize("name", OBJECTIVES)
def test_interrupted_training_ends_in_the_same_bits(
    name: str, glyphs: Pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights, losses and figures; the steps that were done are not done again."""
    monkeypatch.setattr(loop, "SAVE_EVERY_S", 0.0)
    monkeypatch.setattr(loop, "SAVING_SHARE", math.inf)
    objective = short(name, 6, 8)
    straight = task_in(tmp_path / "straight", glyphs)
    expected = objective.train(straight)
    done: list[int] = []

    def kill(said: str, step: int, steps: int) -> None:
        done.append(step)
        if step == 4:
            raise Interrupted

    with pytest.raises(Interrupted):
        objective.train(task_in(tmp_path / "killed", glyphs, kill))
    again = task_in(tmp_path / "killed", glyphs, lambda said, step, steps: done.append(step))
    found = objective.train(again)
    assert done == [1, 2, 3, 4, 5, 6]
    assert found.losses == expected.losses
    assert found.figures == expected.figures
    assert weights_of(again) == weights_of(straight)
    assert found.seconds > 0


def test_state_is_saved_now_and_then_only(glyphs: Pixels, tmp_path: Path) -> None:
    """And at the end; a training that is killed before the first time starts afresh."""

    def kill(said: str, step: int, steps: int) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        short("denoising", 3, 8).train(task_in(tmp_path, glyphs, kill))
    assert list(tmp_path.iterdir()) == []
    short("denoising", 3, 8).train(task_in(tmp_path, glyphs))
    assert [path.name for path in tmp_path.iterdir()] == [loop.CHECKPOINT]


def test_state_holds_nothing_but_tensors_and_numbers(glyphs: Pixels, tmp_path: Path) -> None:
    """A file that is no such state is refused by its name, and nothing of it is run."""
    short("denoising", 2, 8).train(task_in(tmp_path, glyphs))
    kept = torch.load(tmp_path / loop.CHECKPOINT, weights_only=True)
    assert set(kept) == {"model", "optimizer", "losses", "seconds"}
    torch.save({"model": Interrupted()}, tmp_path / loop.CHECKPOINT)
    with pytest.raises(InvalidData, match=rf"{loop.CHECKPOINT}: can't be gone on from \(.*remove it"):
        short("denoising", 2, 8).train(task_in(tmp_path, glyphs))


def test_loss_that_is_not_finite_ends_the_training(glyphs: Pixels, tmp_path: Path) -> None:
    """And nobody goes on from there."""
    for _ in range(2):
        with pytest.raises(Diverged, match="pre-training: the loss is "):
            Denoising(steps=1, batch_size=8, noise=math.inf).train(task_in(tmp_path, glyphs))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", OBJECTIVES)
def test_settings_are_part_of_the_objective(name: str) -> None:
    """All that decides the training is a field, which the weights' key holds; a number says which version it is."""
    names = {field.name for field in dataclasses.fields(PRETRAINING.entry(name).load())}
    assert {"batch_size", "learning_rate", "weight_decay", "recipe"} <= names
    assert isinstance(PRETRAINING.entry(name).load().labelled, bool)


def test_statistics_of_normalisation_are_those_of_whole_images_in_the_end(
    glyphs: Pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever they were before."""
    monkeypatch.setattr(loop, "SETTLING", 2)
    few = dataclasses.replace(glyphs, images=glyphs.images[:64], labels=glyphs.labels[:64])
    task = task_in(tmp_path, few)
    network = task.backbone.network
    network.bn1.running_mean.fill_(99.0)
    loop.settle(task, Settings(batch_size=64).training())
    images = fetch(ImageBatches(few.images, task.backbone.input, "cpu"), np.arange(64))
    with torch.no_grad():
        expected = network.conv1(images).mean((0, 2, 3))
    torch.testing.assert_close(network.bn1.running_mean, expected, atol=1e-4, rtol=1e-3)
    assert network.bn1.momentum == 0.1


def test_self_supervised_objectives_read_no_labels(glyphs: Pixels, tmp_path: Path) -> None:
    """They are given none."""
    for name in OBJECTIVES:
        if not PRETRAINING.entry(name).load().labelled:
            blind = dataclasses.replace(task_in(tmp_path / name, glyphs), labels=None)
            short(name, 1, 4).train(blind)


# supervised


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


# denoising


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
    from bench.pretraining import heads

    monkeypatch.setattr(
        heads.Decoder, "forward", lambda self, features: 0 * features.mean() * torch.ones(620, 3, 32, 32)
    )
    task = task_in(tmp_path, glyphs)
    (loss,) = Denoising(steps=1, batch_size=620, masked=0.5, noise=2.0).train(task).losses
    images = fetch(ImageBatches(glyphs.images, task.backbone.input, "cpu"), np.arange(620))
    assert loss == pytest.approx(float(images.square().mean()), rel=1e-4)


# masked


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


def test_masked_network_sees_nothing_of_what_is_hidden() -> None:
    """The token is what it sees there."""
    from bench.pretraining.heads import Token

    images, mask = torch.rand(4, 3, 16, 16), draw_mask(4, 16, 4, 0.5, torch.Generator().manual_seed(0))
    token = Token()
    torch.nn.init.constant_(token.colour, 3.0)
    shown = token(images, mask)
    assert bool((shown[mask.expand_as(shown)] == 3).all())
    assert torch.equal(shown[~mask.expand_as(shown)], images[~mask.expand_as(shown)])


# context


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


# simclr


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


def test_views_keep_to_the_range_of_pixels_and_differ() -> None:
    """Each image by a draw of its own; without strength only the share that is made grey changes."""
    spec = networks.build("test_resnet", SIZE).input
    pixels = torch.rand(64, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(1))
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (spec.mean, spec.std))
    images = (pixels - mean) / std
    seen = distort_colours(images, spec, 0.5, torch.Generator().manual_seed(0)) * std + mean
    assert float(seen.min()) >= -1e-5
    assert float(seen.max()) <= 1 + 1e-5
    assert float((seen - pixels).abs().flatten(1).mean(1).std()) > 0.01
    plain = distort_colours(images, spec, 0.0, torch.Generator().manual_seed(0)) * std + mean
    same = (plain - pixels).abs().flatten(1).amax(1) < 1e-3
    grey = (plain - plain.mean(1, keepdim=True)).abs().flatten(1).amax(1) < 1e-3
    assert bool((same ^ grey).all())
    assert 0.05 < float(grey.float().mean()) < 0.4


def test_blur_smooths_half_of_the_images_and_keeps_their_mean() -> None:
    """Less difference between neighbours; the rest is left as it is."""
    images = torch.rand(200, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(1))
    seen = blur(images, torch.Generator().manual_seed(0))
    changed = (seen - images).abs().flatten(1).amax(1) > 1e-2
    assert 0.3 < float(changed.float().mean()) < 0.6
    torch.testing.assert_close(seen[~changed], images[~changed], atol=1e-2, rtol=0)
    assert float(seen[changed].std()) < 0.9 * float(images[changed].std())
    torch.testing.assert_close(seen.mean((1, 2, 3)), images.mean((1, 2, 3)), atol=0.02, rtol=0)


def test_every_objective_takes_the_shared_settings() -> None:
    """AdamW and one cycle, the lengths that its fields say."""
    training = Settings(steps=7, batch_size=9).training()
    assert (training.steps, training.batch_size, training.schedule, training.optimizer) == (7, 9, "one_cycle", "adamw")
