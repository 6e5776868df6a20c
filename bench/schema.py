"""The frozen values that travel through the program, and their JSON form."""

import dataclasses
import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Precision = Literal["fp32", "bf16"]
AskedPrecision = Literal["fp32", "bf16", "auto"]
BudgetKind = Literal["fraction", "labels_per_class", "labels"]


def canonical_json(value: Any) -> str:
    """Return a value as JSON; equal contents give the same text, in whatever order their keys are."""
    # dataclasses by their fields, without the deep copies that `asdict` makes of all that they hold
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_fields_of)


def _fields_of(value: Any) -> dict[str, Any]:
    kind: Any = type(value)
    return {name: getattr(value, name) for name in _names(kind)}


@functools.cache
def _names(cls: Any) -> tuple[str, ...]:
    if not dataclasses.is_dataclass(cls):
        raise TypeError(f"{cls.__name__} is no JSON value")
    return tuple(each.name for each in dataclasses.fields(cls))


def content_hash(value: Any) -> str:
    """Return the SHA-256 (hex) of a JSON value's contents."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


@dataclass(frozen=True)
class Choice:
    """A catalogue name with the parameters that the suite gives it."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The name, with its parameters where there are any."""
        inside = ", ".join(f"{key}={value}" for key, value in self.params.items())
        return f"{self.name}({inside})" if inside else self.name


class Seeds(NamedTuple):
    """All that decides what is random in a cell."""

    subset: int
    """Draws the labelled images."""
    init: int
    """Draws what is untrained: random weights, new layers."""
    order: int
    """Draws the order of training, augmentation, and whatever else is random in it."""
    repeat: int = 0
    """Tells runs of the very same cell apart; draws nothing."""

    @staticmethod
    def of(seed: int, subset: int | None, init: int | None, order: int | None, repeat: int) -> "Seeds":
        """Return the seeds; each that is null is `seed`."""
        return Seeds(
            seed if subset is None else subset, seed if init is None else init, seed if order is None else order, repeat
        )

    def __str__(self) -> str:
        """As `3` where all are the same, else as `subset 0, init 1, order 2`; with the repeat where that isn't 0."""
        together = self.subset == self.init == self.order
        told = f"{self.subset}" if together else f"subset {self.subset}, init {self.init}, order {self.order}"
        return f"{told}, repeat {self.repeat}" if self.repeat else told


@dataclass(frozen=True)
class Budget:
    """All the labels a cell may see, for training and validation together."""

    kind: BudgetKind
    """`fraction` of the training set, `labels_per_class`, or a count of `labels`."""
    value: float

    @property
    def label(self) -> str:
        """`1 %`, `5 per class` or `200 labels`."""
        if self.kind == "fraction":
            return f"{self.value * 100:g} %"
        return f"{self.value:.0f} per class" if self.kind == "labels_per_class" else f"{self.value:.0f} labels"


@dataclass(frozen=True)
class Training:
    """The recipe of a gradient-trained method, resolved: no field is left to a default elsewhere."""

    steps: int | None = 200
    """Optimiser steps; null where `epochs` is given."""
    epochs: float | None = None
    """Passes over the training part of the budget; null where `steps` is given."""
    batch_size: int = 64
    """Images per step, clamped to the training part of the budget."""
    optimizer: Literal["sgd", "adamw", "adam"] = "adamw"
    learning_rate: float = 1e-3
    head_learning_rate: float | None = None
    """Learning rate of the new head; null: the same as the rest."""
    momentum: float = 0.9
    """Of SGD; ignored by the others."""
    weight_decay: float = 0.0
    schedule: Literal["constant", "step", "cosine", "one_cycle"] = "cosine"
    step_epochs: float = 7.0
    """Epochs between two cuts of the `step` schedule."""
    gamma: float = 0.1
    """Factor of a cut of the `step` schedule."""
    warmup: float = 0.1
    """Share of the steps in which the learning rate grows linearly from zero."""
    loss: Literal["cross_entropy", "mse"] = "cross_entropy"
    label_smoothing: float = 0.0
    augmentation: Literal["none", "crop", "basic", "randaugment", "trivialaugment"] = "none"
    """`crop` is a random crop, `basic` one that may be mirrored too."""
    mixup: float = 0.0
    """Alpha of the Beta distribution of mixup; 0 is off."""
    patience: int | None = None
    """Checkpoints without a better validation accuracy before training stops; null: never."""
    checkpoints: int = 5
    """Points along the training that are validated and scored for the oracle; at most ten."""
    compile: Literal["none", "default", "cuda_graphs"] = "none"
    """How `torch.compile` makes the forward and backward pass; what that takes stands apart as `compile_s`."""


@dataclass(frozen=True)
class Grid:
    """The axes of a grid; a cell is one value of each."""

    datasets: tuple[Choice, ...]
    backbones: tuple[str, ...]
    weights: tuple[str, ...]
    methods: tuple[Choice, ...]
    budgets: tuple[Budget, ...]
    seeds: tuple[int, ...]
    devices: tuple[str, ...]
    precisions: tuple[AskedPrecision, ...]
    selections: tuple[str, ...] = ("stratified",)
    """By which rule the images of a budget are chosen."""
    sources: tuple[Choice, ...] = ()
    """Labelled source domains, for the methods that adapt from one."""
    subset_seeds: tuple[int | None, ...] = (None,)
    """Seeds that draw the labelled images, where they are to vary apart from `seeds`; null: the cell's `seed` does."""
    init_seeds: tuple[int | None, ...] = (None,)
    """Seeds that draw what is untrained, in the same way."""
    order_seeds: tuple[int | None, ...] = (None,)
    """Seeds that draw order, augmentation and noise, in the same way."""
    repeats: tuple[int, ...] = (0,)
    """Numbers of the runs of the very same cell."""


@dataclass(frozen=True)
class Span:
    """Numbers from `low` to `high`; drawn evenly by their logarithm where `log`."""

    low: float
    high: float
    log: bool


@dataclass(frozen=True)
class Tune:
    """The same number of trials for every method, on the validation part of the budget."""

    trials: int
    """None: each method runs with its defaults, once."""
    search: Literal["grid", "random", "halving"]
    """`halving`: random trials on a part of the steps, of which the better half goes on to more, again and again."""
    spaces: Mapping[str, Mapping[str, tuple[Any, ...] | Span]]
    """By method, or under `all`: the values that a parameter or training key may take."""


@dataclass(frozen=True)
class Required:
    """Hashes that data and weights must have, each by its first digits: a demand on what is read, no part of a cell."""

    data: Mapping[str, str] = field(default_factory=dict)
    """By data set."""
    weights: Mapping[str, str] = field(default_factory=dict)
    """By backbone, for whatever of its weights comes from a file; or by backbone and weights, with a blank between."""


@dataclass(frozen=True)
class Suite:
    """A validated suite: its grids and what all cells share."""

    name: str
    description: str
    source: str
    """The file's text, as it was read."""
    grids: tuple[Grid, ...]
    """The grid, then one for each `include`."""
    exclude: tuple[Mapping[str, tuple[str, ...]], ...]
    """Globs by axis: a cell that fits one glob of every axis of an entry is left out."""
    image_size: int
    train: Mapping[str, Any]
    """Training keys that the suite sets for all methods."""
    tune: Tune | None = None
    """What each method may try; null: what it tries by itself."""
    threads: int | None = None
    """Threads of each cell; null: the processor's cores over the workers."""
    timeout_s: float = 3600.0
    deterministic: bool = True
    probes: tuple[str, ...] = ()
    """Optional probes that every cell takes beside those that are always taken."""
    validation: "Validation" = "budget"
    required: Required = field(default_factory=Required)


PROTOCOL = 3
"""Version of the protocol; it grows where a change of the program gives cells other figures.

It stands in the identity of a cell, so that a record of before is never taken as done.
"""
Validation = Literal["budget", "own"]
"""What selects: a part of the label budget, or the user's own `val/`, whose labels are counted in no budget."""


@dataclass(frozen=True)
class Cell:
    """One experiment, fully resolved. What is in here decides its numbers."""

    suite: str
    dataset: Choice
    backbone: str
    weights: str
    method: Choice
    settings: Mapping[str, Any]
    """All parameters of the method, defaults included."""
    budget: Budget
    seed: int
    device: str
    precision: Precision
    threads: int
    image_size: int
    training: Training
    selection: str = "stratified"
    """By which rule the images of the budget are chosen."""
    source: Choice | None = None
    """The labelled source domain; null where the method adapts from none."""
    trials: tuple[Mapping[str, Any], ...] = ()
    """Parameters and training keys that are tried on validation, before the method is trained with the best of them."""
    search: Literal["grid", "random", "halving", "short"] | None = None
    """How the trials are tried; null: there are none. `short`: each for its share of the steps, so that all together
    take as long as one training."""
    few_labels: Mapping[str, Any] = field(default_factory=dict)
    """Training keys that are taken in place of the trials where the budget is too small to try anything."""
    deterministic: bool = True
    limit: int | None = None
    """Images kept of each split: a rehearsal, not a result."""
    timeout_s: float = 3600.0
    precision_reason: str = "asked for"
    """What settled the precision where `auto` was asked for."""
    subset_seed: int | None = None
    """Draws the labelled images; null: `seed` does, as with the two that follow."""
    init_seed: int | None = None
    """Draws what is untrained."""
    order_seed: int | None = None
    """Draws the order of training, augmentation and noise."""
    repeat: int = 0
    """Tells runs of the very same cell apart."""
    probes: tuple[str, ...] = ()
    """Optional probes that are asked for; they change no other number."""
    validation: Validation = "budget"
    protocol: int = PROTOCOL

    @property
    def seeds(self) -> Seeds:
        """The seeds of the cell, resolved."""
        return Seeds.of(self.seed, self.subset_seed, self.init_seed, self.order_seed, self.repeat)

    @functools.cached_property
    def cell_id(self) -> str:
        """A hash of the contents, but for the suite's name, the time limit, a reason and the optional probes."""
        contents = _fields_of(self)
        # these decide no number of the cell: a record serves any suite that asks for the same
        del contents["suite"], contents["timeout_s"], contents["precision_reason"], contents["probes"]
        # left out where they say no more than `seed`: records from before seeds could vary apart keep their identity
        for name in ("subset_seed", "init_seed", "order_seed"):
            if contents[name] in (None, self.seed):
                del contents[name]
        if self.repeat == 0:
            del contents["repeat"]
        return content_hash(contents)[:16]

    @property
    def label(self) -> str:
        """One line for progress bars and messages."""
        apart = "" if self.selection == "stratified" else f" {self.selection}"
        return f"{self.backbone} {self.weights} {self.method.label} {self.budget.label}{apart} seed {self.seeds}"
