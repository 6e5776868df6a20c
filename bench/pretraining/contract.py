"""What a way of pre-training must offer, what it is given, and what it gives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from bench.contracts.data import Progress
from bench.contracts.networks import Backbone

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch

    from bench.data.joined import Rows


@dataclass(frozen=True)
class PretrainingTask:
    """What initial weights are made from: a backbone with random ones, and training images."""

    backbone: Backbone
    images: "Rows"
    """N images (S, S, 3), prepared as the backbone wants them."""
    labels: "npt.NDArray[np.int64] | None"
    """Class indices, (N,), the classes of several sources counted apart; null for an objective that reads none."""
    device: str
    folder: Path
    """What a killed training left in it is handed on to the next one; hidden files in it are removed at the end."""
    seed_of: Callable[[str], int]
    """A seed for each use: `init`, `order`, `step`."""
    progress: Progress


@dataclass(frozen=True)
class Pretrained:
    """What a pre-training gives beside the backbone's weights, which it changes in place."""

    losses: Sequence[float]
    """One per step."""
    seconds: float
    figures: Mapping[str, float] = field(default_factory=dict)
    """What is worth keeping beside the losses."""
    head: "torch.nn.Linear | None" = None
    """The classifier on the features, where the objective has one: it is kept with the weights."""


@dataclass(frozen=True)
class Batch:
    """One step as an objective sees it."""

    images: "torch.Tensor"
    """Normalised, (B, 3, S, S), on the device."""
    index: "npt.NDArray[np.int64]"
    """Which images these are, (B,)."""
    generator: "torch.Generator"
    """For all that is drawn at random: on the CPU, of this step alone."""


Loss = Callable[[Batch], "torch.Tensor"]
"""Returns a scalar with a graph."""


@dataclass(frozen=True)
class Objective:
    """What is learnt: heads that stand behind the backbone for the time of the training, and the loss."""

    heads: "Mapping[str, torch.nn.Module]"
    loss: Loss


class Pretraining(Protocol):
    """A frozen dataclass whose fields are the recipe: one way of making initial weights."""

    labelled: ClassVar[bool]
    """Whether it reads labels; where not, a folder of images without classes will do."""

    def train(self, task: PretrainingTask) -> Pretrained:
        """Change the network's weights in place; go on from what `task.folder` holds of a killed training."""
