"""Test images that stand in the training set too: pixel by pixel, or nearly."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench import cache
from bench.contracts import Progress
from bench.data.decode import Decoded, Pixels

Hashes = npt.NDArray[np.uint64]
Images = npt.NDArray[np.uint8]

RECIPE = 1
"""Raised whenever the search changes, since it is part of its key."""
SIDE = 8
"""Of the square of lowest frequencies whose signs are the perceptual hash: 64 bits with the mean itself."""
FEW_BITS = 6
"""In which the hashes of near-duplicates may differ at most."""
LIKE = 0.995
"""Correlation of the grey pixels of near-duplicates, at least."""
CHUNK = 256
PAIRS = 2**23
"""That are compared at a time."""
KIND, FOUND, HASHES = "duplicates", "found.json", "hashes.npy"


@dataclass(frozen=True)
class Duplicates:
    """What a search found, on disk."""

    path: Path

    @property
    def found(self) -> Mapping[str, Any]:
        """`exact` and `near`: pairs of names, a test image and a training image; and `of`: how many test images."""
        contents: dict[str, Any] = json.loads((self.path / FOUND).read_text())
        return contents


def find_duplicates(decoded: Decoded, root: Path, progress: Progress) -> Duplicates:
    """Return the duplicates of a decoded data set, searched for where that has not been done before."""

    def make(folder: Path) -> dict[str, Any]:
        progress("looking for duplicates", 0, 1)
        hashes = [kept_hashes(decoded, name, root) for name in ("train", "test")]
        found = _search(decoded.split("train"), decoded.split("test"), *hashes)
        (folder / FOUND).write_text(json.dumps(found))
        return {}

    key = {"duplicates in": decoded.path.name, "recipe": [RECIPE, SIDE, FEW_BITS, LIKE]}
    return Duplicates(cache.folder(root, KIND, key, f"duplicates in {_label(decoded)}", make))


def kept_hashes(decoded: Decoded, split: str, root: Path) -> Hashes:
    """Return a hash of the pixels of each image of a split, (N,), computed where that has not been done before."""

    def make(folder: Path) -> dict[str, Any]:
        np.save(folder / HASHES, pixel_hashes(decoded.split(split).images))
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


def perceptual_hashes(images: Images) -> Hashes:
    """Return 64 bits of each image (N, S, S, 3), (N,): which of its lowest frequencies lie above their median.

    The hash of the discrete cosine transform (Zauner, "Implementation and benchmarking of perceptual image hash
    functions", 2010). Images that look alike differ in few bits.
    """
    basis = _lowest_frequencies(images.shape[1])
    chunks = [_signs(basis, images[start : start + CHUNK]) for start in range(0, len(images), CHUNK)]
    return np.concatenate(chunks) if chunks else np.empty(0, np.uint64)


def _lowest_frequencies(side: int) -> npt.NDArray[np.float32]:
    """Return the first rows of the cosine transform, (SIDE, side)."""
    places = (np.arange(side) + 0.5) / side
    basis: npt.NDArray[np.float32] = np.cos(np.pi * np.outer(np.arange(SIDE), places)).astype(np.float32)
    return basis


def _signs(basis: npt.NDArray[np.float32], images: Images) -> Hashes:
    frequencies = (basis @ grey(images) @ basis.T).reshape(len(images), -1)
    middle = np.median(frequencies[:, 1:], axis=1, keepdims=True)
    return np.packbits(frequencies > middle, axis=1).view(np.uint64)[:, 0]


def grey(images: Images) -> npt.NDArray[np.float32]:
    """Return the mean of the colours, (N, S, S)."""
    mean: npt.NDArray[np.float32] = np.asarray(images).mean(3, dtype=np.float32)
    return mean


def near_duplicates(train: Images, test: Images) -> dict[int, int]:
    """Return, for each test image that has a near-duplicate in the training set, the one that is most like it."""
    known = perceptual_hashes(train)
    found: dict[int, int] = {}
    hashes = perceptual_hashes(test)
    rows = max(1, PAIRS // max(1, len(known)))
    for start in range(0, len(test), rows):
        close = np.bitwise_count(hashes[start : start + rows, None] ^ known) <= FEW_BITS
        for row in np.flatnonzero(close.any(1)):
            candidates = np.flatnonzero(close[row])
            likeness = correlations(test[start + row], train[candidates])
            if likeness.max() >= LIKE:
                found[int(start + row)] = int(candidates[likeness.argmax()])
    return found


def correlations(image: Images, others: Images) -> npt.NDArray[np.float32]:
    """Return the correlation of an image's grey pixels (S, S, 3) with those of others (N, S, S, 3); 0 with a blank."""
    rows = grey(np.concatenate([image[None], others])).reshape(len(others) + 1, -1)
    rows = rows - rows.mean(1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1)
    products: npt.NDArray[np.float32] = rows[1:] @ rows[0]
    likeness: npt.NDArray[np.float32] = products / np.maximum(lengths[1:] * lengths[0], 1e-6)
    return likeness
