"""Pre-trainings of a few steps on printed characters: what their tests share."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.backbones.building import state_sha256
from bench.catalog import PRETRAINING
from bench.data.decode import Pixels
from bench.pretraining.contract import Pretrained, PretrainingTask
from bench.seeding import derive
from tests.material import networks, tiny

SIZE = 32


OBJECTIVES = PRETRAINING.names()


class Interrupted(Exception):
    """What stands for a kill."""


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
