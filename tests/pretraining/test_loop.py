"""The loop of all pre-training: going on after a kill, what it keeps, what ends it, the statistics of the end."""

import dataclasses
import math
import os
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.data.batches import ImageBatches, fetch
from bench.data.decode import Pixels
from bench.errors import Diverged, InvalidData, Unwritable
from bench.pretraining import loop
from bench.pretraining.denoising import Denoising
from bench.pretraining.settings import SelfSupervised
from tests.material.pretrainings import OBJECTIVES, Interrupted, short, task_in, weights_of


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


def test_a_state_that_can_not_be_written_leaves_the_one_before(glyphs: Pixels, tmp_path: Path) -> None:
    """Whatever the library makes of it: the folder is named, and what was saved is gone on from."""
    short("denoising", 2, 8).train(task_in(tmp_path, glyphs))
    before = (tmp_path / loop.CHECKPOINT).read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(Unwritable, match=rf"^{tmp_path}: can't be written \(File too large\)"):
            short("denoising", 4, 8).train(task_in(tmp_path, glyphs))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / loop.CHECKPOINT).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [loop.CHECKPOINT]


@pytest.mark.parametrize("lie", [os.mkfifo, os.mkdir, lambda path: os.symlink("elsewhere", path)])
def test_a_state_that_is_no_file_is_refused(glyphs: Pixels, tmp_path: Path, lie: Callable[[Path], None]) -> None:
    """Nobody waits for what lies there, and nothing is written through it."""
    lie(tmp_path / loop.CHECKPOINT)
    with pytest.raises(InvalidData, match=rf"{loop.CHECKPOINT}: is a (pipe|folder|link); remove it to start afresh"):
        short("denoising", 2, 8).train(task_in(tmp_path, glyphs))
    assert [path.name for path in tmp_path.iterdir()] == [loop.CHECKPOINT]


def test_loss_that_is_not_finite_ends_the_training(glyphs: Pixels, tmp_path: Path) -> None:
    """And nobody goes on from there."""
    for _ in range(2):
        with pytest.raises(Diverged, match="pre-training: the loss is "):
            Denoising(steps=1, batch_size=8, noise=math.inf).train(task_in(tmp_path, glyphs))
    assert list(tmp_path.iterdir()) == []


def test_statistics_of_normalisation_are_those_of_whole_images_in_the_end(
    glyphs: Pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever they were before."""
    monkeypatch.setattr(loop, "SETTLING", 2)
    few = dataclasses.replace(glyphs, images=glyphs.images[:64], labels=glyphs.labels[:64])
    task = task_in(tmp_path, few)
    network = task.backbone.network
    network.bn1.running_mean.fill_(99.0)
    loop.settle(task, SelfSupervised(batch_size=64).training())
    images = fetch(ImageBatches(few.images, task.backbone.input, "cpu"), np.arange(64))
    with torch.no_grad():
        expected = network.conv1(images).mean((0, 2, 3))
    torch.testing.assert_close(network.bn1.running_mean, expected, atol=1e-4, rtol=1e-3)
    assert network.bn1.momentum == 0.1
