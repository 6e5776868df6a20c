"""What sets a method apart, as plain values: a method returns one, its kind has it trained or solved.

Importing this imports no torch: suites are validated by methods that return these.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from bench.contracts.training import Inputs, Task
from bench.errors import InvalidData

if TYPE_CHECKING:
    import torch
    from torch import nn

    from bench.learning.training import Objective, Step

Layer = int | Sequence[int] | None
"""A stage of the network, or several, whose outputs stand in place of its features; null: the features."""
Sharing = Literal["auto", "cached", "inline"]
"""Whether the outputs of the frozen part are computed once and kept; `auto`: where it can be and pays."""
Norm = Literal["frozen", "adapt"]
"""Whether normalisation keeps its weights and statistics, or learns with the adapters."""
Base = Literal["finetune", "source_only"]
"""What was trained before: full fine-tuning on the target's labels, or on those of a source too."""
Form = Literal["serial", "parallel"]
"""Whether a bottleneck sees what the module before it gives, or what the module beside it sees."""

Penalty = Callable[["Step", Mapping[str, "torch.Tensor"]], "torch.Tensor"]
"""A step, and the outputs of the modules that are watched, to a scalar with a graph."""
Answer = Callable[[Task, "nn.Module", Inputs, int], "torch.Tensor"]
"""A module in `eval()`, the test images and their number to logits (N, C); it may do to the module what it wants."""

HALF_DECADES = (1e-3, 3e-3, 1e-2, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""Strengths of a linear probe, in units of the feature width D."""


@dataclass(frozen=True)
class Tuning:
    """Fine-tuning: what learns of the backbone beside a linear head, how fast, and by which loss."""

    learning: Collection[str]
    """Names of the backbone's parameters that learn, at any time of the training."""
    sharing: Sharing = "inline"
    head: "nn.Linear | None" = None
    """Where the head starts; null: at zero."""
    declinable: bool = False
    """Whether what training starts from is a candidate too: a start that answers already."""
    rates: Mapping[str, float] = field(default_factory=dict)
    """What the learning rate is multiplied by, for some of the parameters."""
    objective: "Callable[[nn.Sequential], Objective] | None" = None
    """Makes the loss for a model of `backbone` and `head`; null: the recipe's."""
    penalty: "Callable[[nn.Module], Penalty] | None" = None
    """Makes what is added to the recipe's loss, for a backbone that has not yet learnt."""
    watched: Sequence[str] = ()
    """Modules of the backbone whose outputs the penalty is given; `""` is the backbone, its outputs the features."""
    head_decay: float | None = None
    """Times half the squared parameters of the head, added to the loss behind the penalty."""
    unfreezing: Callable[[int, int], Collection[str] | None] | None = None
    """A step (0-based) and the number of steps to names of what learns from then on; null: as in the step before."""
    active: Collection[str] = ()
    """Modules of the backbone that are in training mode though not all in them learns: an adapter's dropout."""
    keep_statistics: bool = False
    """Whether batch normalisation keeps its running statistics, and uses them, while its scale and shift learn."""
    inputs: Inputs | None = None
    """What `fit_index` and `val_index` point into; null: the task's images."""
    critic: "nn.Module | None" = None
    """What learns beside the model by the head's rate, and is no part of it."""


@dataclass(frozen=True)
class Strengths:
    """What a solved probe may choose from, in units of the feature width D."""

    tried: tuple[float, ...]
    default: float
    """Taken where the budget is too small to validate."""


@dataclass(frozen=True)
class Solving:
    """A linear layer on frozen features, solved for: logistic regression, or least squares of one-hot labels."""

    loss: Literal["logistic", "squares"]
    strengths: Strengths
    views: int = 0
    """Augmented views of the images that stand in the problem beside them."""
    layer: Layer = None


@dataclass(frozen=True)
class Layers:
    """A head on frozen features, trained by the recipe: hidden layers with ReLU, and an output layer of zeros."""

    hidden: Sequence[int] = ()
    views: int = 0
    """Augmented views of the images, from one of which each step draws its rows; none: the plain images."""
    layer: Layer = None


@dataclass(frozen=True)
class Nearest:
    """The labels of the nearest images by the cosine of their features, weighted by exp(cosine / temperature)."""

    tried: Sequence[int]
    """Numbers of neighbours, clipped to the labels there are."""
    default: int
    """Taken where the budget is too small to validate."""
    temperature: float
    layer: Layer = None


@dataclass(frozen=True)
class Means:
    """The class whose mean features are the nearest."""

    metric: Literal["euclidean", "cosine"]
    layer: Layer = None


Probe = Solving | Layers | Nearest | Means
"""A classifier on frozen features."""


@dataclass(frozen=True)
class LowRank:
    """An update of weights by a product of two matrices."""

    rank: int
    alpha: float
    dropout: float
    targets: str
    decomposed: bool = False
    """Whether magnitudes learn apart from directions."""


@dataclass(frozen=True)
class Factors:
    """A factor for each key and value and each hidden activation; in a CNN for each channel of the blocks."""


@dataclass(frozen=True)
class Bottlenecks:
    """Small networks behind or beside the parts of the blocks."""

    form: Form
    width: int
    scale: float
    """What a parallel one is multiplied by."""


@dataclass(frozen=True)
class Tokens:
    """Tokens that learn, beside those of the image."""

    count: int
    deep: bool
    """Whether every block has its own, or the first alone."""
    dropout: float


@dataclass(frozen=True)
class Adding:
    """What is put into a frozen backbone, to learn there."""

    what: LowRank | Factors | Bottlenecks | Tokens
    norm: Norm = "frozen"


@dataclass(frozen=True)
class Pair:
    """What one step has seen of the two domains, float32."""

    source_features: "torch.Tensor"
    """(B, D)."""
    target_features: "torch.Tensor"
    """(T, D)."""
    source_logits: "torch.Tensor"
    """(B, C)."""
    target_logits: "torch.Tensor"
    """(T, C)."""
    done: float
    """Share of the training that is behind, 0 to 1."""


@dataclass(frozen=True)
class Aligning:
    """What brings the domains together, beside the classification of what has labels."""

    loss: "Callable[[Pair], torch.Tensor]"
    """Weighted; a scalar with a graph."""
    critic: "nn.Module | None" = None
    """What the loss trains beside the model."""


@dataclass(frozen=True)
class Answering:
    """How what was trained before answers test images."""

    answer: Answer
    adapts: Literal["statistics", "scales", "all"]
    """What it changes of the network: normalisation's statistics, its scales and shifts, or any parameter."""
    augmentation: str = "none"
    """What reading an image with a generator does to it."""
    only_chosen: bool = False
    """Whether the chosen state alone is kept, as answering with each of them would be dear."""


def every_parameter(task: Task) -> list[str]:
    """Return the names of all parameters of the backbone."""
    return [name for name, _ in task.backbone.network.named_parameters()]


def refuse_compile(task: Task, method: str, why: str) -> None:
    """Raise `InvalidData` where the recipe compiles the forward pass."""
    if task.training.compile != "none":
        raise InvalidData(f"{method}: compile: {task.training.compile} can't be had, as {why}; write compile: none")


def stage_rates(stages: Sequence[Sequence[str]], decay: float, first: float) -> dict[str, float]:
    """Return a factor of the rate for each parameter: `first` in the last stage, `decay` times that before it."""
    return {name: first * decay**depth for depth, stage in enumerate(reversed(stages)) for name in stage}
