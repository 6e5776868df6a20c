"""What a source of networks must offer: backbones, their weights, and how these want their images."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bench.contracts.data import Places

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class InputSpec:
    """How the weights want their images."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str
    """`bilinear` or `bicubic`, antialiased."""
    crop_pct: float
    """Side of the centre crop as a share of the side that is resized to; it applies at the native size alone."""
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
    """The classifier in the weights' file: features (B, D) to the logits of the classes it was trained on; or null."""
    unused: tuple[str, ...] = ()
    """Names of tensors in the weights' file that neither the network nor its classifier has a place for."""
    state: "Mapping[str, torch.Tensor]" = field(init=False, repr=False, compare=False)
    """The network's parameters and buffers themselves, by the names that they have before any method works on it."""

    def __post_init__(self) -> None:
        # the tensors, not copies, and before a method wraps modules and so renames them: they are hashed by these names
        object.__setattr__(self, "state", self.network.state_dict(keep_vars=True))


@dataclass(frozen=True)
class WeightsFile:
    """Initial weights as they lie on this machine; `path` is null for random ones."""

    path: Path | None
    sha256: str | None
    fingerprint: str
    """What resuming compares: the SHA-256, a hash of the recipe where the project trained them, or `random`."""
    source: str
    """Where they come from, in words."""
    license: str | None = None


class BackboneSource(Protocol):
    """A family of networks, and where their published weights lie."""

    def names(self, pattern: str) -> list[str]:
        """Return the names that match a glob, as a suite would write them."""

    def find(self, name: str, places: Places, download: bool) -> WeightsFile:
        """Find the published weights, or download them where that is allowed; raise `Unavailable`."""

    def build(self, name: str, checkpoint: Path | None, image_size: int) -> Backbone:
        """Make the network, with the weights of a file or random ones from torch's global generator."""


@dataclass(frozen=True)
class FrozenPart:
    """The first part of a network, where no training changes it: its outputs are computed once and shared."""

    name: str
    """`features` for the whole backbone, else where the part ends."""
    module: "torch.nn.Module"
    """Maps normalised images (B, 3, S, S) to one tensor (B, ...)."""
    definition: str = ""
    """What the part computes, as text. Parts of one name in networks of one state are told apart by it."""
