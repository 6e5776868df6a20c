"""What a source of networks must offer: a backbone, its weights, and how they want their images."""

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


class BackboneSource(Protocol):
    """A family of networks, and where their published weights lie."""

    def names(self, pattern: str) -> list[str]:
        """Return the names that match a glob, as a suite would write them."""

    def find(self, name: str, places: Places, download: bool) -> "WeightsFile":
        """Find the published weights, or download them where that is allowed; raise `Unavailable`."""

    def build(self, name: str, checkpoint: Path | None, image_size: int) -> Backbone:
        """Make the network, with the weights of a file or random ones from torch's global generator."""


@dataclass(frozen=True)
class FrozenPart:
    """A part of a network, from the images on, that no training changes: what it gives is computed once."""

    name: str
    """`features` for the whole backbone, else where the part ends."""
    module: "torch.nn.Module"
    """Maps normalised images (B, 3, S, S) to one tensor (B, ...)."""
    definition: str = ""
    """What the part computes, as text: with the network's state it tells parts of one name apart."""
