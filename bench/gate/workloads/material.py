"""What workloads work on: images, a network, a task and a place for files, the same on each call."""

import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bench.gate.workloads.conditions import Conditions

if TYPE_CHECKING:
    import torch

    from bench.contracts.networks import Backbone, FrozenPart
    from bench.contracts.training import Task, View
    from bench.schema import Training

CLASSES = 10
MEMORY_FOLDER = Path("/dev/shm")
"""Where there is one, files lie in memory: a slow disk is not the harness's doing."""


def scratch() -> "tempfile.TemporaryDirectory[str]":
    """Return a temporary folder, in memory where that can be had."""
    return tempfile.TemporaryDirectory(prefix="bench-", dir=MEMORY_FOLDER if MEMORY_FOLDER.is_dir() else None)


def pictures(count: int, size: int) -> npt.NDArray[np.uint8]:
    """Return images (N, S, S, 3), coarse patches under fine noise, so that they compress as photographs do."""
    generator = np.random.default_rng(0)
    coarse = generator.integers(0, 224, (count, size // 8, size // 8, 3), dtype=np.uint8)
    noise = generator.integers(0, 32, (count, size, size, 3), dtype=np.uint8)
    grown: npt.NDArray[np.uint8] = coarse.repeat(8, axis=1).repeat(8, axis=2) + noise
    return grown


def network(asked: Conditions, size: int) -> "Backbone":
    """Return a small residual network with random weights, on the device, channels last in memory."""
    import torch

    from bench.gate.workloads.residual import backbone

    torch.manual_seed(0)
    made = backbone(size)
    made.network.to(asked.device).to(memory_format=torch.channels_last)
    return dataclasses.replace(made)  # its state is what lies on the device


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
) -> "Task":
    """Return a task of ten classes whose last `validated` images are there to choose on, as methods see it."""
    from bench.contracts.training import Task, Watch
    from bench.seeding import derive

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
