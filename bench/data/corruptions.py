"""Test images made worse in a few known ways, each in five strengths."""

import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from bench.seeding import derive

Pixels = npt.NDArray[np.uint8]
Values = tuple[float, float, float, float, float]

SMALL, LARGE = 32, 224
"""Sides in pixels that the two columns of strengths below are for."""
RECIPE = 1
"""Part of the key of what is kept of corrupted images. Raise it whenever a corruption below changes."""


@dataclass(frozen=True)
class Corruption:
    """One way of making an image worse."""

    small: Values
    """Strengths for images of 32 pixels, as in CIFAR-10-C."""
    large: Values
    """Strengths for images of 224 pixels, as in ImageNet-C."""
    apply: Callable[[Pixels, float, Sequence[int]], Pixels]
    """Images (B, S, S, 3), the strength, and a seed for each image to images of the same shape."""

    def value(self, level: int, side: int) -> float:
        """Return the strength of a level, 1 to 5, at an image size.

        In between the two sizes it follows the logarithm of the side; beyond them it stays as it is there.
        """
        share = min(1.0, max(0.0, math.log(side / SMALL) / math.log(LARGE / SMALL)))
        return self.small[level - 1] + share * (self.large[level - 1] - self.small[level - 1])


def _to_pixels(images: npt.NDArray[np.floating]) -> Pixels:
    pixels: Pixels = np.rint(np.clip(images, 0, 255)).astype(np.uint8)
    return pixels


def gaussian_noise(images: Pixels, deviation: float, seeds: Sequence[int]) -> Pixels:
    """Add normal noise to each value, its standard deviation a share of the whole range."""
    # a generator for each image: the same noise whatever the image is read with
    shape = images.shape[1:]
    noise = np.stack([np.random.default_rng(seed).standard_normal(shape, np.float32) for seed in seeds])
    return _to_pixels(images + 255 * deviation * noise)


def gaussian_blur(images: Pixels, deviation: float, seeds: Sequence[int]) -> Pixels:
    """Blur with a normal kernel, its standard deviation in pixels."""
    # every run imports this module, few blur
    from scipy.ndimage import gaussian_filter  # type: ignore[attr-defined]  # through a star import

    return _to_pixels(gaussian_filter(images.astype(np.float32), (0, deviation, deviation, 0), mode="nearest"))


def contrast(images: Pixels, kept: float, seeds: Sequence[int]) -> Pixels:
    """Move all values towards the image's mean colour; `kept` is the share of the distance that is left."""
    wide = images.astype(np.float32)
    mean = wide.mean((1, 2), keepdims=True)
    return _to_pixels(mean + kept * (wide - mean))


def jpeg(images: Pixels, quality: float, seeds: Sequence[int]) -> Pixels:
    """Write and read each image as JPEG of a quality, 1 to 95."""
    return np.stack([_through_jpeg(image, round(quality)) for image in images])


def _through_jpeg(image: Pixels, quality: int) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


CORRUPTIONS: Mapping[str, Corruption] = {
    "gaussian_noise": Corruption((0.04, 0.06, 0.08, 0.09, 0.10), (0.08, 0.12, 0.18, 0.26, 0.38), gaussian_noise),
    "gaussian_blur": Corruption((0.4, 0.6, 0.7, 0.8, 1.0), (1.0, 2.0, 3.0, 4.0, 6.0), gaussian_blur),
    "contrast": Corruption((0.75, 0.5, 0.4, 0.3, 0.15), (0.4, 0.3, 0.2, 0.1, 0.05), contrast),
    "jpeg": Corruption((80, 65, 58, 50, 40), (25, 18, 15, 10, 7), jpeg),
}
"""A noise, a blur and two digital corruptions, after Hendrycks and Dietterich, "Benchmarking neural network robustness
to common corruptions and perturbations", 2019. The strengths are theirs; the code is not, and it works on prepared
pixels. So figures can be compared within this project, not with theirs."""
LEVELS = (1, 2, 3, 4, 5)


class CorruptedImages:
    """Images (N, S, S, 3) that are made worse when they are read.

    What is random depends on the image's name, the corruption and its level alone: an image is the same each time,
    whatever others it is read with.
    """

    def __init__(self, images: Pixels, ids: Sequence[str], corruption: str, level: int) -> None:
        self._images = images
        self._ids = np.asarray(ids)
        self._name, self._level = corruption, level

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, S, S, 3)."""
        return self._images.shape

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, wanted: npt.NDArray[np.int64] | slice) -> Pixels:
        corruption = CORRUPTIONS[self._name]
        seeds = [derive("corruption", self._name, self._level, str(name)) for name in self._ids[wanted]]
        images = np.asarray(self._images[wanted])
        return corruption.apply(images, corruption.value(self._level, images.shape[1]), seeds)
