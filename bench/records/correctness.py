"""Which test images each cell got right: packed bits in one append-only file, read where a record points.

An entry names its cell and holds a checksum, so that a torn or misplaced one is noticed.
"""

import hashlib
import mmap
import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.machine.reading import GIB, Unfit, opened

# one file for a whole run: comparing rows needs every cell's bits, and opening a side file for each takes sixty times
# as long
FILE = "right.bin"
LARGEST = 256 * GIB
"""Bytes of the file at most; none of it is read but the entries that records point to."""
IMAGES = 100_000_000
"""Test images of an entry at most."""
_HEAD = struct.Struct("<4s16sII")
_MAGIC = b"RGHT"


def entry(cell_id: str, right: npt.NDArray[np.bool_]) -> bytes:
    """Return a cell's entry: a head with the cell, the count of images and a checksum, then the bits."""
    bits = np.packbits(right).tobytes()
    return _HEAD.pack(_MAGIC, _digest(cell_id), len(right), zlib.crc32(bits)) + bits


def _digest(cell_id: str) -> bytes:
    return hashlib.blake2b(cell_id.encode(), digest_size=16).digest()


class Kept:
    """The entries of a run, mapped into memory."""

    def __init__(self, folder: Path) -> None:
        path = folder / FILE
        self._bytes: mmap.mmap | bytes = b""
        if not os.path.lexists(path):
            return
        try:
            with opened(path, LARGEST) as stream:
                if os.fstat(stream.fileno()).st_size:
                    self._bytes = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except Unfit as error:
            warnings.warn(
                f"{path}: {error}; left out: without it fewer cells can be held against one another", stacklevel=2
            )

    def at(self, offset: int, cell_id: str, images: int | None = None) -> npt.NDArray[np.bool_] | None:
        """Return which images (N,) a cell got right; null where no whole entry of this cell starts at `offset`.

        Where `images` is given, the cell's test images, an entry of any other number is none of it.
        """
        start = offset + _HEAD.size
        if not 0 <= offset <= len(self._bytes) - _HEAD.size:
            return None
        magic, digest, count, checksum = _HEAD.unpack_from(self._bytes, offset)
        if magic != _MAGIC or digest != _digest(cell_id) or count > IMAGES or images not in (None, count):
            return None
        bits = self._bytes[start : start + (count + 7) // 8]
        # a head may promise more than the file holds
        if len(bits) != (count + 7) // 8 or zlib.crc32(bits) != checksum:
            return None
        return np.unpackbits(np.frombuffer(bits, np.uint8), count=count).view(np.bool_)
