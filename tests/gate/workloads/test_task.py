"""A workload's task parts its images into those to learn from and those to choose on."""

import pytest

from bench.contracts.networks import FrozenPart
from bench.gate.workloads.conditions import Conditions
from bench.gate.workloads.material import CLASSES, pictures
from bench.gate.workloads.residual import network
from bench.gate.workloads.task import task
from bench.schema import Training


def test_the_last_images_are_there_to_choose_on() -> None:
    made = task(Conditions(), network(Conditions(), 32), pictures(30, 32), Training(), validated=10)
    assert [*made.fit_index, *made.val_index] == list(range(30))
    assert len(made.val_index) == 10
    assert set(made.labels.tolist()) == set(range(CLASSES))
    assert made.seed_of("order") == made.seed_of("order") != made.seed_of("init")


def test_outputs_of_a_frozen_part_are_refused_unless_they_are_given() -> None:
    """A unit that would extract them does other work than it says."""
    backbone = network(Conditions(), 32)
    made = task(Conditions(), backbone, pictures(10, 32), Training())
    with pytest.raises(AssertionError, match="outputs of trunk are no part"):
        made.outputs(FrozenPart("trunk", backbone.network), None)
