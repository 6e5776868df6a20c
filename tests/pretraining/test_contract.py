"""What every way of pre-training must do."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from bench.catalog import PRETRAINING
from bench.data.decode import Pixels
from tests.material.pretrainings import OBJECTIVES, fifths, short, task_in, weights_of


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


def test_self_supervised_objectives_read_no_labels(glyphs: Pixels, tmp_path: Path) -> None:
    """They are given none."""
    for name in OBJECTIVES:
        if not PRETRAINING.entry(name).load().labelled:
            blind = dataclasses.replace(task_in(tmp_path / name, glyphs), labels=None)
            short(name, 1, 4).train(blind)
