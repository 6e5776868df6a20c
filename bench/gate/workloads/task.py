"""The task that workloads give to a method: ten classes, a network, and how long to train."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bench.contracts.training import Task, Watch
from bench.gate.workloads.conditions import Conditions
from bench.gate.workloads.material import CLASSES
from bench.seeding import derive

if TYPE_CHECKING:  # a version that lacks what annotations alone name can do the work all the same
    import torch

    from bench.contracts.networks import Backbone, FrozenPart
    from bench.contracts.training import View
    from bench.schema import Training


def no_outputs(part: "FrozenPart", view: "View | None") -> "torch.Tensor":
    """Stand for the shared outputs of a frozen part where a workload wants none."""
    raise AssertionError(f"outputs of {part.name} are no part of this workload")


def task(
    asked: Conditions,
    backbone: "Backbone",
    images: npt.NDArray[np.uint8],
    training: "Training",
    outputs: "Callable[[FrozenPart, View | None], torch.Tensor]" = no_outputs,
    validated: int = 0,
) -> Task:
    """Return a task as methods see it; they may choose on its last `validated` images."""
    learnt = len(images) - validated
    return Task(
        backbone=backbone,
        n_classes=CLASSES,
        images=images,
        labels=np.arange(len(images)) % CLASSES,
        fit_index=np.arange(learnt),
        val_index=np.arange(learnt, len(images)),
        outputs=outputs,
        training=training,
        device=asked.device,
        precision=asked.precision,
        seed_of=lambda use: derive("workload", use),
        progress=lambda what, done, total: None,
        watch=Watch(),
    )
