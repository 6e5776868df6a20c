"""A data set decoded and resized once into uint8 arrays that every cell maps into memory."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from bench.contracts.data import Progress, RawData, Split
from bench.data.transforms import Geometry
from bench.errors import InvalidData
from bench.machine import cache
from bench.schema import content_hash

CHUNK = 256
"""Images that are decoded between two reports of progress."""


@dataclass(frozen=True)
class Pixels:
    """One split as cells read it."""

    images: npt.NDArray[np.uint8]
    """(N, S, S, 3), memory-mapped."""
    labels: npt.NDArray[np.int64]
    """(N,)."""
    ids: tuple[str, ...]
    groups: tuple[str, ...] | None


@dataclass(frozen=True)
class Decoded:
    """A decoded data set on disk."""

    path: Path

    @property
    def about(self) -> dict[str, Any]:
        """Class names, notes, and the key it was made for."""
        return cache.manifest(self.path)

    def split(self, name: str) -> Pixels:
        """Map `train` or `test` into memory."""
        images = np.load(self.path / f"{name}.npy", mmap_mode="r")
        index = json.loads((self.path / f"{name}.json").read_text())
        groups = index["groups"]
        labels = np.asarray(index["labels"], np.int64)
        return Pixels(images, labels, tuple(index["ids"]), None if groups is None else tuple(groups))


def decode(raw: RawData, fingerprint: str, geometry: Geometry, root: Path, progress: Progress) -> Decoded:
    """Return the data set at one geometry, decoded where that has not been done before."""
    assert raw.test is not None, "a data set without a test split must hold one out"
    splits = {"train": raw.train, "test": raw.test}

    def make(folder: Path) -> dict[str, Any]:
        total = sum(len(split.images) for split in splits.values())
        before = 0
        for name, split in splits.items():
            _write(
                folder, name, split, geometry, lambda done, before=before: progress("decoding", before + done, total)
            )
            before += len(split.images)
        return {"class_names": list(raw.class_names), "notes": list(raw.notes)}

    # the fingerprint is of the source's files alone: how they are parted and labelled may change without them
    parting = content_hash({name: [split.labels.tolist(), list(split.ids)] for name, split in splits.items()})
    key = {"data": fingerprint, "geometry": str(geometry), "parting": parting, "classes": list(raw.class_names)}
    counts = f"{len(raw.train.labels)} + {len(raw.test.labels)} images of {len(raw.class_names)} classes"
    return Decoded(cache.folder(root, "decoded", key, f"{counts}, {geometry}", make))


def _write(folder: Path, name: str, split: Split, geometry: Geometry, done: Any) -> None:
    """Write the pixels of a split, then its labels and names; all images that can't be read are named at once."""
    shape = (len(split.images), geometry.size, geometry.size, 3)
    array = np.lib.format.open_memmap(folder / f"{name}.npy", mode="w+", dtype=np.uint8, shape=shape)
    broken: list[str] = []

    def one(index: int) -> None:
        try:
            array[index] = geometry.apply(split.images[index])
        # PIL's for files that are cut off, broken inside, of no image, or too large to be meant
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            broken.append(f"{split.ids[index]} ({error})")

    with ThreadPoolExecutor() as pool:  # PIL decodes and resizes without holding the interpreter's lock
        for start in range(0, shape[0], CHUNK):
            list(pool.map(one, range(start, min(start + CHUNK, shape[0]))))
            done(min(start + CHUNK, shape[0]))
    if broken:
        raise InvalidData(_unreadable(sorted(broken)))
    array.flush()
    index = {
        "labels": split.labels.tolist(),
        "ids": list(split.ids),
        "groups": None if split.groups is None else list(split.groups),
    }
    (folder / f"{name}.json").write_text(json.dumps(index))


def _unreadable(broken: Sequence[str]) -> str:
    shown = "; ".join(broken[:5]) + (f"; and {len(broken) - 5} more" if len(broken) > 5 else "")
    count = "1 image" if len(broken) == 1 else f"{len(broken)} images"
    return f"{count} can't be read: {shown}; repair or remove them"
