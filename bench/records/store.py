"""The run's folder: records, which are only ever appended to, side files, and the manifest."""

import contextlib
import dataclasses
import fcntl
import json
import mmap
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.errors import BenchError
from bench.machine.writing import Appending, check, opened, stream, sweep, write_atomically
from bench.records import correctness
from bench.records.lines import is_record, read_records, silent
from bench.records.manifest import read_manifest
from bench.records.record import SCHEMA_VERSION, Record
from bench.records.side_arrays import read_arrays


class Store:
    """`records.jsonl`, `manifest.json` and `cells/` of one run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.records_path = folder / "records.jsonl"

    def records(self, tell: Callable[[int, int], None] = silent) -> dict[str, Record]:
        """Return the last record of each cell, by its id; `tell` hears the bytes that are read, and those of all."""
        return read_records(self.records_path, tell) if os.path.lexists(self.records_path) else {}

    @contextlib.contextmanager
    def writing(self) -> Iterator["Writer"]:
        """Open the folder for the one writer that it may have; raise `BenchError` for a second one."""
        with opened(self.folder / ".lock") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BenchError(
                    f"{self.folder}: another run is writing there; wait for it or give another --out"
                ) from None
            _make_way(self.folder)
            with Appending(self.records_path) as records:
                _end_last_line(records)
                yield Writer(self.folder, records)

    def side_arrays(
        self, record: Record, names: Sequence[str] = ("labels", "predictions")
    ) -> dict[str, npt.NDArray[Any]]:
        """Return the named arrays (N,) of a cell's side file; none where that is gone or damaged."""
        return {} if record.side_file is None else read_arrays(self.folder, record.side_file, names)

    def manifest(self) -> dict[str, Any]:
        """Return the manifest; an empty one where there is none."""
        path = self.folder / "manifest.json"
        return read_manifest(path) if os.path.lexists(path) else {}

    def update_manifest(self, contents: Mapping[str, Any], environments: Mapping[str, Any] | None = None) -> None:
        """Bring the manifest up to date; environments that it has already are kept, since records point to them."""
        known = self.manifest()
        kept = {**known.get("environments", {}), **(environments or {})}
        merged = {**known, **contents, "schema_version": SCHEMA_VERSION, "environments": kept}
        text = json.dumps(merged, indent=1, sort_keys=True)
        write_atomically(self.folder / "manifest.json", text + "\n")


@dataclasses.dataclass(frozen=True)
class Writer:
    """Appends records to a run; each is on the disk before the next cell starts."""

    folder: Path
    records: Appending

    def append(self, record: Record) -> None:
        """Append one record."""
        self.records.append(f"{json.dumps(record.to_json(), allow_nan=False)}\n".encode())

    def append_right(self, cell_id: str, right: npt.NDArray[np.bool_]) -> int:
        """Keep which test images (N,) a cell got right; return the offset of the entry, which its record keeps."""
        with Appending(self.folder / correctness.FILE) as entries:
            return entries.append(correctness.entry(cell_id, right))

    def write_side_file(self, cell_id: str, arrays: Mapping[str, npt.NDArray[np.generic]]) -> str:
        """Write a cell's arrays and return the file's name relative to the folder."""
        name = f"cells/{cell_id}.npz"
        with stream(self.folder / name, self.folder) as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
        return name


def _make_way(folder: Path) -> None:
    """Remove what a killed writer left half-written; raise `Unwritable` before a cell runs that could not be kept."""
    check(folder / correctness.FILE, "a file")
    check(folder / "manifest.json", "a file", "a link")
    for name in ("cells", "profiles"):
        check(folder / name, "a folder")
    for path in (folder / "cells").glob("*.npz"):
        check(path, "a file", "a link")
    for each in (folder, folder / "cells", folder / "profiles"):
        sweep(each)


def _end_last_line(records: Appending) -> None:
    """Remove what a killed writer left of its last line, or end a whole one that lacks its line feed."""
    path = records.path
    if not path.stat().st_size:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as contents:
        whole = contents.rfind(b"\n") + 1
        last = contents[whole:]
    if not last:
        return
    if is_record(last):
        records.append(b"\n")
        return
    warnings.warn(f"{path}: the last line was torn by a killed run and is removed; its cell runs again", stacklevel=2)
    records.cut(whole)
