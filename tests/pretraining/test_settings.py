"""What objectives can be set to."""

import dataclasses
from pathlib import Path

import pytest

from bench.catalog import PRETRAINING
from bench.data.decode import Pixels
from bench.pretraining.settings import SelfSupervised
from tests.material.pretrainings import OBJECTIVES, task_in


@pytest.mark.parametrize("name", OBJECTIVES)
def test_settings_are_part_of_the_objective(name: str) -> None:
    """All that decides the training is a field, which the weights' key holds; a number says which version it is."""
    names = {field.name for field in dataclasses.fields(PRETRAINING.entry(name).load())}
    assert {"batch_size", "learning_rate", "weight_decay", "recipe"} <= names
    assert isinstance(PRETRAINING.entry(name).load().labelled, bool)


def test_every_objective_takes_the_shared_settings() -> None:
    """AdamW and one cycle, the lengths that its fields say."""
    training = SelfSupervised(steps=7, batch_size=9).training()
    assert (training.steps, training.batch_size, training.schedule, training.optimizer) == (7, 9, "one_cycle", "adamw")


def test_an_objective_that_says_nothing_is_not_trained(glyphs: Pixels, tmp_path: Path) -> None:
    """Nothing is written either."""
    with pytest.raises(NotImplementedError):
        SelfSupervised().train(task_in(tmp_path, glyphs))
    assert list(tmp_path.iterdir()) == []
