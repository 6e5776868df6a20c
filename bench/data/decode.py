"""A data set decoded and resized once into uint8 arrays that every cell maps into memory."""

import functools
import json
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from bench.contracts.data import Progress, RawData, Split
from bench.data.levels import Look, Whites, is_deep, look, told, whites_of
from bench.data.transforms import UNREADABLE, Geometry
from bench.errors import InvalidData
from bench.machine import cache, writing
from bench.schema import content_hash

DECODER = 2
"""Version of what makes pixels of a file, a part of every decoded array's key. Raise it when pixels change."""
CHUNK = 256
"""Images that are decoded between two reports of progress."""
# photographs of 12 bits that were read as 16 have 4, a dark X-ray 9, characters and photographs 60 to 90
FLAT = 5.0
"""Standard deviation of all pixels, of 255, below which a data set shows hardly anything."""

Moments = tuple[int, int, int]


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

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of the pixels: how deep images were scaled, that all look alike."""
        return tuple(self.about["pixels"])

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
        writers = [_Writer(folder, name, split, geometry) for name, split in splits.items()]
        notes = _write(writers, progress)
        return {"class_names": list(raw.class_names), "notes": list(raw.notes), "pixels": notes}

    # the fingerprint is of the source's files alone: how they are parted and labelled may change without them
    parting = content_hash({name: [split.labels.tolist(), list(split.ids)] for name, split in splits.items()})
    # what is white in deep images hangs on these too: on the contents of all images, and on the decoder
    key = {
        "data": fingerprint,
        "geometry": str(geometry),
        "parting": parting,
        "classes": list(raw.class_names),
        "decoder": DECODER,
    }
    counts = f"{len(raw.train.labels)} + {len(raw.test.labels)} images of {len(raw.class_names)} classes"
    return Decoded(cache.folder(root, "decoded", key, f"{counts}, {geometry}", make))


def _write(writers: Sequence["_Writer"], progress: Progress) -> list[str]:
    """Write the pixels of all splits, and return what the user should know of them.

    Deep images are only looked at first, and written when all were seen, so that one scale is for all of them.
    """
    more = _counter(progress, "decoding", sum(writer.count for writer in writers))
    for writer in writers:
        writer.each(writer.read, range(writer.count), more)
    _refuse_broken(writers)
    looks = [found for writer in writers for _, found in sorted(writer.deep.items())]
    whites = whites_of(looks)
    more = _counter(progress, "scaling", len(looks))
    for writer in writers:
        writer.each(functools.partial(writer.read, whites=whites), sorted(writer.deep), more)
    _refuse_broken(writers)
    for writer in writers:
        writer.close()
    return [*told(looks, whites), *_flat(writers)]


def _counter(progress: Progress, what: str, total: int) -> Callable[[int], None]:
    """Return what is called with how much more has been done, and tells how much that is in all."""
    done = 0

    def more(count: int) -> None:
        nonlocal done
        done += count
        progress(what, done, total)

    return more


class _Writer:
    """Decodes one split into its array, in several threads."""

    def __init__(self, folder: Path, name: str, split: Split, geometry: Geometry) -> None:
        self._folder, self._name, self._split, self._geometry = folder, name, split, geometry
        self.count = len(split.images)
        shape = (self.count, geometry.size, geometry.size, 3)
        writing.new_array(folder / f"{name}.npy", np.uint8, shape)
        self._array = writing.mapped(folder / f"{name}.npy")
        self.broken: list[str] = []
        """Images that can't be read, and why."""
        self.deep: dict[int, Look] = {}
        """What was seen in images that wait for their scale, by position."""
        self.moments = (0, 0, 0)
        """Number, sum and sum of squares of the pixels written."""

    def each(self, work: Callable[[int], Moments], some: Sequence[int], more: Callable[[int], None]) -> None:
        """Call `work` with each position and add up what it returns."""
        with ThreadPoolExecutor() as pool:  # PIL decodes and resizes without holding the interpreter's lock
            for start in range(0, len(some), CHUNK):
                found = list(pool.map(work, some[start : start + CHUNK]))
                count, total, squares = (sum(each) for each in zip(self.moments, *found, strict=True))
                self.moments = count, total, squares
                more(len(found))

    def read(self, index: int, whites: Whites | None = None) -> Moments:
        """Write an image's pixels; without `whites` only look at one that is deep. Note one that can't be read."""
        try:
            image = self._split.images[index]
            if whites is None and is_deep(image):
                self.deep[index] = look(image, self._split.ids[index])
                return 0, 0, 0
            pixels = self._geometry.apply(image, whites)
        except UNREADABLE as error:
            self.broken.append(f"{self._split.ids[index]} ({_said(error)})")
            return 0, 0, 0
        self._array[index] = pixels
        squares = np.square(pixels, dtype=np.uint16)  # 255 squared fits
        return pixels.size, int(pixels.sum(dtype=np.uint64)), int(squares.sum(dtype=np.uint64))

    def close(self) -> None:
        """Put the array on the disk, and the labels and names beside it."""
        self._array.flush()  # type: ignore[attr-defined]  # a memory map
        split = self._split
        index = {
            "labels": split.labels.tolist(),
            "ids": list(split.ids),
            "groups": None if split.groups is None else list(split.groups),
        }
        writing.write_atomically(self._folder / f"{self._name}.json", json.dumps(index))


def _flat(writers: Sequence[_Writer]) -> list[str]:
    """Return a line where the images hardly show anything."""
    count, total, squares = (sum(each) for each in zip(*(writer.moments for writer in writers), strict=True))
    if not count:
        return []
    deviation = math.sqrt(count * squares - total**2) / count
    if deviation >= FLAT:
        return []
    return [
        f"the images hardly vary: mean {total / count:.1f}, standard deviation {deviation:.1f} of 255 over all pixels; "
        "was their range of values lost when they were saved?"
    ]


def _said(error: BaseException) -> str:
    """Return an error in one line; one that is not meant to be read needs its kind to be understood."""
    text = " ".join(str(error).split())
    if text and isinstance(error, OSError | SyntaxError | ValueError | Image.DecompressionBombError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _refuse_broken(writers: Sequence[_Writer]) -> None:
    """Name all images that can't be read at once."""
    broken = sorted(said for writer in writers for said in writer.broken)
    if not broken:
        return
    shown = "; ".join(broken[:5]) + (f"; and {len(broken) - 5} more" if len(broken) > 5 else "")
    count = "1 image" if len(broken) == 1 else f"{len(broken)} images"
    raise InvalidData(f"{count} can't be read: {shown}; repair or remove them")
