"""Test images that stand in the training set too: pixel by pixel, or nearly."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.contracts.data import Progress
from bench.data.decode import Decoded, Pixels
from bench.machine import cache, writing

Hashes = npt.NDArray[np.uint64]
Images = npt.NDArray[np.uint8]
Frequencies = npt.NDArray[np.float32]

RECIPE = 1
"""Part of the search's key in the cache. Raise it whenever the search changes."""
SIDE = 8
"""Side of the square of lowest frequencies that are compared: 64 with the mean."""
# The two thresholds were chosen on handwritten digits, printed characters and CIFAR-10: of images that are no copies
# none is called a duplicate, while 99 % of CIFAR-10's training images are found again after JPEG of quality 75.
FEW_BITS = 6
"""Bits in which the hashes of near-duplicates may differ at most."""
LIKE = 0.997
"""Correlation of the lowest frequencies of near-duplicates, at least."""
BLANK = 1e-4
"""An image whose frequencies are smaller than this share of its mean shows nothing but rounding."""
CHUNK = 256
"""Images that are transformed at a time."""
PAIRS = 2**23
"""Pairs of hashes that are compared at a time, which bounds the memory."""
KIND, FOUND, HASHES = "duplicates", "found.json", "hashes.npy"


@dataclass(frozen=True)
class Duplicates:
    """What a search found, on disk."""

    path: Path

    @property
    def found(self) -> Mapping[str, Any]:
        """`exact` and `near`: pairs of names, a test image's and a training image's; `of`: how many test images."""
        contents: dict[str, Any] = json.loads((self.path / FOUND).read_text())
        return contents


def find_duplicates(decoded: Decoded, root: Path, progress: Progress) -> Duplicates:
    """Return the duplicates of a decoded data set, searched for where that has not been done before."""

    def make(folder: Path) -> dict[str, Any]:
        progress("looking for duplicates", 0, 1)
        hashes = [kept_hashes(decoded, name, root) for name in ("train", "test")]
        found = _search(decoded.split("train"), decoded.split("test"), *hashes)
        writing.write_atomically(folder / FOUND, json.dumps(found))
        return {}

    key = {"duplicates in": decoded.path.name, "recipe": [RECIPE, SIDE, FEW_BITS, LIKE]}
    return Duplicates(cache.folder(root, KIND, key, f"duplicates in {_label(decoded)}", make))


def kept_hashes(decoded: Decoded, split: str, root: Path) -> Hashes:
    """Return a hash of the pixels of each image of a split, (N,), computed where that has not been done before."""

    def make(folder: Path) -> dict[str, Any]:
        with writing.stream(folder / HASHES) as file:
            np.save(file, pixel_hashes(decoded.split(split).images))
        return {}

    key = {"hashes of": decoded.path.name, "split": split, "recipe": RECIPE}
    hashes: Hashes = np.load(cache.folder(root, KIND, key, f"hashes of {split} in {_label(decoded)}", make) / HASHES)
    return hashes


def _label(decoded: Decoded) -> str:
    return str(cache.manifest(decoded.path)["label"])


def _search(train: Pixels, test: Pixels, trained: Hashes, tested: Hashes) -> dict[str, Any]:
    same = np.flatnonzero(np.isin(tested, trained))
    exact = {place: np.flatnonzero(trained == tested[place])[0] for place in same}
    rest = np.setdiff1d(np.arange(len(tested)), same)
    near = near_duplicates(train.images, test.images[rest])
    return {
        "exact": [[test.ids[one], train.ids[other]] for one, other in exact.items()],
        "near": [[test.ids[rest[one]], train.ids[other]] for one, other in near.items()],
        "of": len(tested),
    }


def pixel_hashes(images: Images) -> Hashes:
    """Return 64 bits of BLAKE2 of each image's pixels, (N,)."""
    digests = b"".join(hashlib.blake2b(image.tobytes(), digest_size=8).digest() for image in images)
    return np.frombuffer(digests, np.uint64)


def lowest_frequencies(images: Images) -> Frequencies:
    """Return the lowest frequencies of each image (N, S, S, 3) summed over its colours, (N, 64): a cosine transform."""
    side = images.shape[1]
    places = (np.arange(side) + 0.5) / side
    basis = np.cos(np.pi * np.outer(np.arange(SIDE), places)).astype(np.float32)
    found = np.empty((len(images), SIDE * SIDE), np.float32)
    for start in range(0, len(images), CHUNK):
        rows = images[start : start + CHUNK].reshape(-1, side, side * 3).astype(np.float32)
        across = (basis @ rows).reshape(len(rows), SIDE, side, 3).sum(3)
        found[start : start + CHUNK] = (across @ basis.T).reshape(len(rows), -1)
    return found


def perceptual_hashes(frequencies: Frequencies) -> Hashes:
    """Return 64 bits of each image, (N,): which of its lowest frequencies lie above their median.

    Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010. Images that look alike differ in
    few bits.
    """
    middle = np.median(frequencies[:, 1:], axis=1, keepdims=True)
    return np.packbits(frequencies > middle, axis=1).view(np.uint64)[:, 0]


def near_duplicates(train: Images, test: Images) -> dict[int, int]:
    """Return, for each test image that has a near-duplicate in the training set, the one that is most like it.

    A hash alone is too coarse for small images of few kinds: by it, a printed character has 1.8 duplicates. Where
    hashes are close, the frequencies themselves must agree too.
    """
    trained, tested = lowest_frequencies(train), lowest_frequencies(test)
    known, hashes = perceptual_hashes(trained), perceptual_hashes(tested)
    trained, tested = directions(trained), directions(tested)
    found: dict[int, int] = {}
    rows = max(1, PAIRS // max(1, len(known)))
    for start in range(0, len(test), rows):
        close = np.bitwise_count(hashes[start : start + rows, None] ^ known) <= FEW_BITS
        for row in np.flatnonzero(close.any(1)):
            candidates = np.flatnonzero(close[row])
            likeness = trained[candidates] @ tested[start + row]
            if likeness.max() >= LIKE:
                found[int(start + row)] = int(candidates[likeness.argmax()])
    return found


def directions(frequencies: Frequencies) -> Frequencies:
    """Return frequencies without the mean brightness, scaled to length one: their products are correlations.

    Those of a blank image are zero, so that it is like no other.
    """
    varying = frequencies[:, 1:]
    lengths = np.linalg.norm(varying, axis=1, keepdims=True)
    blank = lengths < BLANK * np.abs(frequencies[:, :1])
    unit: Frequencies = np.where(blank, np.float32(0), varying / np.maximum(lengths, np.float32(1e-6)))
    return unit
