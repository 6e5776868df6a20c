"""What each kind of extension must offer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch
    from PIL import Image

    from bench.data.batches import Inputs
    from bench.schema import Training
    from bench.watching import Watch

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done, and how much there is."""
View = tuple[str, int]
"""An augmentation and a number: one random view of every training image."""


@dataclass(frozen=True)
class Places:
    """Where things lie on this machine. Nothing in here may change a number."""

    data_dir: Path | None
    """Parent of all data sets; for `image_folder` the folder that holds `train/`."""
    weights_dir: Path | None
    """Holds `<backbone>.safetensors` or `.pth` files that are taken before the hub is asked."""
    cache_dir: Path


class Images(Protocol):
    """Images that are opened when they are indexed."""

    def __len__(self) -> int:
        """Return how many there are."""

    def __getitem__(self, index: int, /) -> "Image.Image":
        """Open one."""


class States(Protocol):
    """States of a module that are loaded when they are indexed."""

    def __len__(self) -> int:
        """Return how many there are."""

    def __getitem__(self, index: int, /) -> "dict[str, torch.Tensor]":
        """Load one."""


@dataclass(frozen=True)
class Split:
    """One part of a data set."""

    images: Images
    """N of them."""
    labels: "npt.NDArray[np.int64]"
    """Class indices, shape (N,)."""
    ids: Sequence[str]
    """N names, unique over all the splits: the file, or the position in the source."""
    groups: Sequence[str] | None = None
    """N names of what must stay on one side of any split: a patient, a video; or null."""


@dataclass(frozen=True)
class RawData:
    """A data set as its source gives it; `test` is null where the source has one part only."""

    class_names: tuple[str, ...]
    train: Split
    test: Split | None
    notes: tuple[str, ...] = ()
    """What was found and mended: files left out, a split that was made."""


class Dataset(Protocol):
    """A frozen dataclass whose fields are the parameters that a suite may give."""

    def fingerprint(self, places: Places) -> str | None:
        """Return a hash of the contents without decoding them, or null where nothing is there yet."""

    def load(self, places: Places) -> RawData:
        """Find or download the data; raise `Unavailable` or `InvalidData`."""


@dataclass(frozen=True)
class InputSpec:
    """How the weights want their images."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str
    """`bilinear` or `bicubic`, antialiased."""
    crop_pct: float
    """Side of the centre crop over the side that was resized to, at the native size."""
    native_size: int
    """Side in pixels that the weights were trained or evaluated at."""


@dataclass(frozen=True)
class Backbone:
    """A network without its classifier."""

    network: "torch.nn.Module"
    """Maps normalised images (B, 3, S, S) to features (B, D)."""
    width: int
    """D."""
    stages: tuple[tuple[str, ...], ...]
    """Names of the parameters by depth, from the stem on: the blocks that partial fine-tuning counts."""
    input: InputSpec
    source_head: "torch.nn.Linear | None" = None
    """What the weights' file has behind the features: (B, D) to the logits of the classes that it was trained on."""
    state: "Mapping[str, torch.Tensor]" = field(init=False, repr=False, compare=False)
    """The network's parameters and buffers themselves, by the names that they have before any method works on it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", self.network.state_dict(keep_vars=True))


class BackboneSource(Protocol):
    """A family of networks, and where their published weights lie."""

    def names(self, pattern: str) -> list[str]:
        """Return the names that match a glob, as a suite would write them."""

    def find(self, name: str, places: Places, download: bool) -> "WeightsFile":
        """Find the published weights, or download them where that is allowed; raise `Unavailable`."""

    def build(self, name: str, checkpoint: Path | None, image_size: int) -> Backbone:
        """Make the network, with the weights of a file or random ones from torch's global generator."""


@dataclass(frozen=True)
class WeightsFile:
    """Initial weights as they lie on this machine; `path` is null for random ones."""

    path: Path | None
    sha256: str | None
    fingerprint: str
    """What resuming compares: the SHA-256, the recipe where the project trained them, or `random`."""
    source: str
    """Where they come from, in words."""
    license: str | None = None


@dataclass(frozen=True)
class FrozenPart:
    """A part of a network, from the images on, that no training changes: what it gives is computed once."""

    name: str
    """`features` for the whole backbone, else where the part ends."""
    module: "torch.nn.Module"
    """Maps normalised images (B, 3, S, S) to one tensor (B, ...)."""
    definition: str = ""
    """What the part computes, as text: with the network's state it tells parts of one name apart."""


@dataclass(frozen=True)
class SourceDomain:
    """Labelled images of the same classes from elsewhere."""

    images: "npt.NDArray[np.uint8]"
    """Shape (M, S, S, 3), prepared like the target's."""
    labels: "npt.NDArray[np.int64]"
    """Shape (M,), in the target's class indices."""
    index: "npt.NDArray[np.int64]"
    """Shape (M,): which of its own training images these are."""


@dataclass(frozen=True)
class Task:
    """All that a method may see: the labels of its budget, the images, a backbone. Never the test set."""

    backbone: Backbone
    n_classes: int
    images: "npt.NDArray[np.uint8]"
    """All training images, shape (N, S, S, 3), memory-mapped."""
    labels: "npt.NDArray[np.int64]"
    """Labels of all training images, shape (N,); only those at `fit_index` and `val_index` may be read."""
    fit_index: "npt.NDArray[np.int64]"
    """Images to learn from."""
    val_index: "npt.NDArray[np.int64]"
    """Images to select on; empty where the budget is too small."""
    outputs: "Callable[[FrozenPart, View | None], torch.Tensor]"
    """Returns what a frozen part makes of all training images, (N, ...), or of one random view of each; made or
    fetched when called, shared with other cells."""
    training: "Training"
    device: str
    precision: str
    seed_of: Callable[[str], int]
    """A seed for each use: `init`, `order`, `augmentation`, `regularisation`."""
    progress: Progress
    watch: "Watch"
    """Looks on while a loop trains."""
    source: SourceDomain | None = None
    """Of methods that adapt from a labelled source domain."""
    source_outputs: "Callable[[FrozenPart], torch.Tensor] | None" = None
    """Returns what a frozen part makes of all images of the source, (M, ...), shared like `outputs`."""

    @property
    def unlabelled(self) -> "npt.NDArray[np.int64]":
        """Training images outside the label budget, sorted: to look at, not to read the labels of."""
        import numpy as np

        return np.setdiff1d(np.arange(len(self.images)), np.concatenate([self.fit_index, self.val_index]))

    @property
    def whole(self) -> FrozenPart:
        """The backbone as a frozen part: what it gives are the features, (N, D)."""
        return FrozenPart("features", self.backbone.network)


class Adaptation(Protocol):
    """How a model answers images that it may learn from without their labels: adaptation at test time."""

    @property
    def augmentation(self) -> str:
        """What `inputs.read` does where it is given a generator."""

    def logits(self, module: "torch.nn.Module", inputs: "Inputs", count: int) -> "torch.Tensor":
        """Return the logits of images 0 to `count`, (N, C) float32 on the CPU; the module is left as it was."""


@dataclass(frozen=True)
class Fitted:
    """What a method returns: models along the training, one of them chosen."""

    module: "torch.nn.Module"
    """Maps a batch of inputs to logits (B, C)."""
    states: States
    """What to load into `module` for each candidate, in the order of training."""
    chosen: int
    """Index of the candidate that the method stands for."""
    model: "torch.nn.Module"
    """The whole adapted network, normalised images (B, 3, S, S) to logits; it shares the parameters of `module`."""
    part: FrozenPart | None
    """What comes before `module`, whose inputs are then that part's outputs; null: images."""
    val_accuracy: float | None
    selection: str
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

    @property
    def compile_s(self) -> float | None:
        """What those steps took."""
        return None if self.compiled_at is None else sum(self.wall_s[step] for step in self.compiled_at)

    @property
    def measured(self) -> list[int]:
        """The steps that throughput is of: no warm-up, no compiling."""
        return [step for step in range(self.warmup_steps, len(self.wall_s)) if step not in (self.compiled_at or ())]


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


class Report(Protocol):
    """One rendering of a summary."""

    def __call__(self, summary: Any, folder: Path) -> str | bytes:
        """Return the text, or the bytes of a binary file; pictures that it shows are written to `folder`."""
