"""Frozen parts of a small network and what they give for some digits: what tests of the extraction share."""

import functools
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sklearn.datasets import load_digits

from bench.backbones.boundary import Parted, part_frozen
from bench.backbones.building import train_only
from bench.contracts.networks import Backbone, FrozenPart
from bench.learning.features import FrozenFeatures

Images = npt.NDArray[np.uint8]


@functools.cache
def digits(count: int) -> Images:
    """Return digits in RGB at 32 px, the same array each time; nothing can be written to it."""
    pixels = np.kron(load_digits().images[:count] * 15, np.ones((1, 4, 4)))
    images = np.repeat(pixels[..., None], 3, axis=-1).astype(np.uint8)
    images.setflags(write=False)
    return images


def whole(backbone: Backbone) -> FrozenPart:
    """Return all of a network as a frozen part."""
    return FrozenPart("features", backbone.network)


def maps(backbone: Backbone) -> FrozenPart:
    """Return a network up to where its last stage begins."""
    train_only(backbone.network, backbone.stages[-1])
    parted = part_frozen(backbone.network)
    assert isinstance(parted, Parted)
    return parted.part


class Counting(FrozenFeatures):
    """Frozen features that count their extractions."""

    extractions = 0

    def _extract(self, *arguments: Any) -> dict[str, Any]:
        self.extractions += 1
        return super()._extract(*arguments)


def features_of(backbone: Backbone, root: Path, **changes: Any) -> Counting:
    """Return features that nothing has asked for yet."""
    plain: dict[str, Any] = {
        "name": "test_resnet",
        "network": "hash of its tensors",
        "data_key": "digits",
        "device": "cpu",
        "precision": "fp32",
        "threads": 1,
        "progress": lambda *_: None,
    }
    return Counting(backbone=backbone, root=root, **{**plain, **changes})


def bits(outputs: torch.Tensor) -> bytes:
    """Return what a tensor is made of."""
    return outputs.contiguous().view(torch.uint8).numpy().tobytes()
