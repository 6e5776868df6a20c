"""What a method must offer: the task that it is given, and the fitted models that it returns."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from bench.contracts.data import Progress
from bench.contracts.networks import Backbone, FrozenPart
from bench.schema import Training

# contracts are read where suites are checked, which must not take the seconds that torch takes to import
if TYPE_CHECKING:
    import torch

View = tuple[str, int]
"""An augmentation and a number: one random view of every training image."""


class Inputs(Protocol):
    """Where a loop has its batches from, by the positions of their images."""

    def read(self, index: npt.NDArray[np.int64], generator: "torch.Generator | None") -> "torch.Tensor":
        """Return a batch as it lies in memory; host-side augmentation draws from the generator, where there is one."""

    def place(self, batch: "torch.Tensor", generator: "torch.Generator | None") -> "torch.Tensor":
        """Return the batch on the device as the module wants it."""


class Watch:
    """Looks on while a loop trains. This one does nothing, as in every cell's own training; profiles override it."""

    last_step: int | None = None
    """The loop ends after so many steps, within the same schedule; null: after all of them."""

    def inputs(self, inputs: "Inputs") -> "Inputs":
        """Return what the loop reads its batches from."""
        return inputs

    def mark(self, part: str) -> None:
        """Note that a step begins (`begin`), or that a part of it is done.

        The parts are `data`, `copy`, `forward`, `backward` and `optimiser`.
        """

    def forward(self, module: "torch.nn.Module") -> contextlib.AbstractContextManager[None]:
        """Return a context in which the forward pass and its loss run."""
        return contextlib.nullcontext()

    def stepped(self, module: "torch.nn.Module", optimizer: "torch.optim.Optimizer") -> None:
        """Look at module and optimiser after a step, while the gradients are still there."""


@dataclass(frozen=True)
class SourceDomain:
    """Labelled images of the target's classes from another data set."""

    images: npt.NDArray[np.uint8]
    """Shape (M, S, S, 3), prepared like the target's."""
    labels: npt.NDArray[np.int64]
    """Shape (M,), in the target's class indices."""
    index: npt.NDArray[np.int64]
    """Shape (M,): which of its own training images these are."""


class Fold(NamedTuple):
    """One rehearsal of a choice: images to learn from and images to judge by, sorted."""

    fit: npt.NDArray[np.int64]
    held: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Score:
    """What held-out images say of a candidate."""

    accuracy: float
    loss: float
    """Mean over the images, the smaller the better."""
    images: int
    """How many there are."""


@dataclass(frozen=True)
class Task:
    """All that a method may see: the labels of its budget, the images, a backbone. Never the test set."""

    backbone: Backbone
    n_classes: int
    images: npt.NDArray[np.uint8]
    """All training images, shape (N, S, S, 3), memory-mapped."""
    labels: npt.NDArray[np.int64]
    """Labels of all training images, shape (N,); only those at `fit_index` and `val_index` may be read."""
    fit_index: npt.NDArray[np.int64]
    """Images to learn from."""
    val_index: npt.NDArray[np.int64]
    """Images to select on; empty where the budget is too small."""
    outputs: "Callable[[FrozenPart, View | None], torch.Tensor]"
    """Returns what a frozen part makes of all training images, (N, ...), or of one random view of each. It is computed
    or fetched when it is asked for, and shared with other cells."""
    training: Training
    device: str
    precision: str
    seed_of: Callable[[str], int]
    """A seed for each use: `init`, `order`, `augmentation`, `regularisation`."""
    progress: Progress
    watch: Watch
    source: SourceDomain | None = None
    """The labelled source domain of methods that adapt from one."""
    source_outputs: "Callable[[FrozenPart], torch.Tensor] | None" = None
    """Returns what a frozen part makes of all images of the source, (M, ...), shared like `outputs`."""
    folds: Sequence[Fold] = ()
    """What a choice that costs next to nothing is made by: images to learn from, and images to judge by, of each fold.
    Empty where the budget is too small."""
    known: dict[str, Any] = field(default_factory=dict)
    """What a method has worked out and its trials, which are given the same task, need not work out again."""
    own_validation: bool = False
    """Whether the user brought the images to select on: they are no part of the budget, and are never learnt from."""

    @property
    def budget_index(self) -> npt.NDArray[np.int64]:
        """Positions of the label budget, sorted: what a method may learn from once everything is chosen."""
        if self.own_validation:
            return self.fit_index
        return np.sort(np.concatenate([self.fit_index, self.val_index]))

    @property
    def unlabelled(self) -> npt.NDArray[np.int64]:
        """Positions of the training images outside the label budget, sorted. Their labels must not be read."""
        return np.setdiff1d(np.arange(len(self.images)), np.concatenate([self.fit_index, self.val_index]))

    @property
    def whole(self) -> FrozenPart:
        """The backbone as a frozen part: what it gives are the features, (N, D)."""
        return FrozenPart("features", self.backbone.network)


class States(Protocol):
    """States of a module that are loaded when they are indexed."""

    def __len__(self) -> int:
        """Return how many there are."""

    def __getitem__(self, index: int, /) -> "dict[str, torch.Tensor]":
        """Load one."""


@dataclass(frozen=True)
class Trace:
    """What the gradient loop measured, one value per step."""

    wall_s: Sequence[float]
    cpu_s: Sequence[float]
    images: Sequence[int]
    losses: Sequence[float]
    warmup_steps: int
    batch_effective: int
    optimizer_exact: bool
    """Whether the optimiser held exactly the trainable parameters."""
    optimizer_kind: str
    """`fused`, `foreach` or `loop`: how torch steps over the parameters."""
    blank_start: bool = True
    """Whether the first loss is that of a zero-initialised head and nothing beside it."""
    compiled_at: Sequence[int] | None = None
    """Steps in which torch compiled: the first of each batch size; null where it never does."""
    growing: bool = False
    """Whether more learns from some step on, so that later steps are others."""

    @property
    def compile_s(self) -> float | None:
        """Seconds of the steps in which torch compiled."""
        return None if self.compiled_at is None else sum(self.wall_s[step] for step in self.compiled_at)

    @property
    def measured(self) -> list[int]:
        """The steps that throughput is computed from: no warm-up, no compiling."""
        return [step for step in range(self.warmup_steps, len(self.wall_s)) if step not in (self.compiled_at or ())]

    @property
    def full(self) -> list[int]:
        """The steps on a full batch, warm-up included: an epoch's last batch is smaller, or larger by one image."""
        return [step for step, images in enumerate(self.images) if images == self.batch_effective]

    @property
    def measured_full(self) -> list[int]:
        """The measured steps on a full batch: their times are of one kind."""
        return [step for step in self.measured if self.images[step] == self.batch_effective]


class Adaptation(Protocol):
    """Adaptation at test time: how a model answers test images when it may learn from them without their labels."""

    @property
    def augmentation(self) -> str:
        """The augmentation that `inputs.read` draws where it is given a generator."""

    def logits(self, module: "torch.nn.Module", inputs: "Inputs", count: int) -> "torch.Tensor":
        """Return the logits of images 0 to `count`, (N, C) float32 on the CPU; the module is left as it was."""


@dataclass(frozen=True)
class Fitted:
    """What a method returns: models along the training, one of them chosen."""

    module: "torch.nn.Module"
    """Maps a batch of inputs to logits (B, C)."""
    states: States
    """What to load into `module` for each candidate model, in the order of training."""
    chosen: int
    """Index of the candidate that the method has chosen."""
    model: "torch.nn.Module"
    """The whole adapted network, normalised images (B, 3, S, S) to logits; it shares the parameters of `module`."""
    part: FrozenPart | None
    """What comes before `module`, whose inputs are then that part's outputs; null: images."""
    score: Score | None
    """What held-out images say of the chosen candidate; null where nothing was held out."""
    selection: str
    """By what rule it was chosen, in words."""
    choice: dict[str, Any]
    """What was chosen, for the record."""
    frozen: "frozenset[str]"
    """Names in the backbone's state that had to stay as they were."""
    trainable_params: int
    checkpoint_bytes: int
    tune_s: float = 0.0
    part_reason: str | None = None
    """Why a frozen part that could have been shared was not."""
    trace: "Trace | None" = None
    """Null for a closed-form or full-batch solver."""
    adaptation: Adaptation | None = None
    """How test images are answered; null: by a forward pass."""

    @property
    def on_features(self) -> bool:
        """Whether `module` is a head on features: of the whole backbone, or of some of its stages."""
        return self.part is not None and self.part.name.startswith("features")


class Method(Protocol):
    """A frozen dataclass whose fields are the method's parameters."""

    defaults: ClassVar[dict[str, Any]]
    """Training keys in which the method differs from `schema.Training`; the docstring names the source."""
    uses_weights: ClassVar[bool]
    """Whether the initial weights matter; where not, that axis is one cell, `random`."""
    cost: ClassVar[str]
    """What a step works on, for estimates of time: `features`, `partial` or `full`."""
    # Three may stand beside them, as class variables or properties:
    # uses_source, true where it adapts from a source domain;
    # solved, true where no training key matters to it, so that a suite's common tuning space is not for it;
    # seeds_as, the name of the method whose random numbers it draws, where it is that one with something added.

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
