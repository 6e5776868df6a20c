"""The arrays beside a record: read only where they are what the harness writes, whatever else lies there."""

import os
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from bench.machine.reading import DAMAGED, GIB, Unfit, opened

FILE = 8 * GIB
"""Bytes of a side file at most."""
ARRAY = GIB
"""Bytes of an array at most, unpacked: the labels of 250 million test images."""
KINDS: Mapping[str, str] = {"labels": "iu", "predictions": "iu"}
"""By array, the kinds of its type; of all others it is a number."""
NUMBERS = "iuf"


def read_arrays(folder: Path, name: str, wanted: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    """Return those arrays (N,) of a side file that are wanted and there; none where the file is gone.

    One that is damaged is told in a warning, and gives none.
    """
    if not os.path.lexists(folder / name):
        return {}
    try:
        return _arrays(folder, name, wanted)
    except DAMAGED as error:
        why = str(error) if isinstance(error, Unfit) else f"damaged ({type(error).__name__})"
        warnings.warn(f"{folder / name}: {why}; left out: what it kept of its cell is not shown", stacklevel=3)
        return {}


def _arrays(folder: Path, name: str, wanted: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    if (parts := PurePosixPath(name)).is_absolute() or ".." in parts.parts or not _is_inside(folder, name):
        raise Unfit("outside the run's folder")
    with opened(folder / name, FILE) as stream, zipfile.ZipFile(stream) as archive:
        sizes = {each.filename: each.file_size for each in archive.infolist()}
        found = [each for each in wanted if f"{each}.npy" in sizes]
        for each in found:
            if sizes[f"{each}.npy"] > ARRAY:
                raise Unfit(f"{each} has {sizes[f'{each}.npy']} bytes, more than any honest one")
        return {each: _array(archive, each, sizes[f"{each}.npy"]) for each in found}


def _is_inside(folder: Path, name: str) -> bool:
    """Say whether links lead a side file nowhere else; the folder itself may be one."""
    return os.path.realpath(folder / name).startswith(os.path.join(os.path.realpath(folder), ""))


def _array(archive: zipfile.ZipFile, name: str, size: int) -> npt.NDArray[Any]:
    with archive.open(f"{name}.npy") as stream:
        shape, dtype = _header(stream)
        # before room is made for it: a head may promise anything
        if len(shape) != 1 or dtype.kind not in KINDS.get(name, NUMBERS) or shape[0] * dtype.itemsize > size:
            raise Unfit(f"{name} is no list of numbers as they are kept ({dtype.str[:20]}, shape {str(shape)[:40]})")
    with archive.open(f"{name}.npy") as stream:
        array: npt.NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return array


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise Unfit(f"an array of version {version}")
    shape, _, dtype = read(stream)
    return shape, dtype
