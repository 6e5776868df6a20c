"""The run's folder: records, which are only ever appended to, side files, and the manifest."""

import contextlib
import dataclasses
import fcntl
import gc
import json
import os
import struct
import tempfile
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic_core import from_json

from bench.errors import BenchError
from bench.machine.cache import write_atomically
from bench.records import correctness
from bench.records.field_types import problem_of
from bench.records.record import SCHEMA_VERSION, Record, record_of

_NEEDED = {
    field.name
    for field in dataclasses.fields(Record)
    if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
}


BLOCK = 2**21
"""Bytes that are parsed at a time."""


def silent(done: int, total: int) -> None:
    """Tell nobody how far the reading is."""


DAMAGED = (
    *(OSError, EOFError, zipfile.BadZipFile, zlib.error, struct.error),
    *(ValueError, TypeError, LookupError, ArithmeticError, MemoryError, RuntimeError, SyntaxError, tokenize.TokenError),
)
"""What numpy and zipfile raise for an archive of arrays whose frame, headers or compressed data hold anything."""


class Store:
    """`records.jsonl`, `manifest.json` and `cells/` of one run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.records_path = folder / "records.jsonl"

    def records(self, tell: Callable[[int, int], None] = silent) -> dict[str, Record]:
        """Return the last record of each cell, by its id; `tell` hears the bytes that are read, and those of all."""
        return read_records(self.records_path, tell) if self.records_path.exists() else {}

    @contextlib.contextmanager
    def writing(self) -> Iterator["Writer"]:
        """Open the folder for the one writer that it may have; raise `BenchError` for a second one."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / ".lock").open("a")
        except OSError as error:
            raise BenchError(f"{self.folder}: can't be written ({error.strerror}); give another --out") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BenchError(
                    f"{self.folder}: another run is writing there; wait for it or give another --out"
                ) from None
            _cut_torn_line(self.records_path)
            with self.records_path.open("a", encoding="utf-8") as stream:
                yield Writer(self.folder, stream)

    def side_arrays(
        self, record: Record, names: Sequence[str] = ("labels", "predictions")
    ) -> dict[str, npt.NDArray[Any]]:
        """Return the named arrays of a cell's side file; none where that is gone or damaged."""
        if record.side_file is None:
            return {}
        try:
            with np.load(self.folder / record.side_file) as file:
                return {name: file[name] for name in names if name in file}
        except DAMAGED:
            return {}

    def manifest(self) -> dict[str, Any]:
        """Return the manifest; an empty one where there is none."""
        path = self.folder / "manifest.json"
        try:
            contents: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        except ValueError as error:
            raise BenchError(f"{path}: no JSON ({error}); remove it, the next run writes it again") from error
        if not _is_manifest(contents):
            raise BenchError(f"{path}: no manifest of a run; remove it, the next run writes it again")
        return contents

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
    stream: Any

    def append(self, record: Record) -> None:
        """Append one record."""
        self.stream.write(json.dumps(record.to_json(), allow_nan=False) + "\n")
        self.stream.flush()
        os.fsync(self.stream.fileno())

    def append_right(self, cell_id: str, right: npt.NDArray[np.bool_]) -> int:
        """Keep which test images (N,) a cell got right; return the offset of the entry, which its record keeps."""
        with (self.folder / correctness.FILE).open("ab") as stream:
            offset = stream.tell()
            stream.write(correctness.entry(cell_id, right))
        return offset

    def write_side_file(self, cell_id: str, arrays: Mapping[str, npt.NDArray[np.generic]]) -> str:
        """Write a cell's arrays and return the file's name relative to the folder."""
        (self.folder / "cells").mkdir(exist_ok=True)
        target = self.folder / "cells" / f"{cell_id}.npz"
        with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
        os.chmod(file.name, 0o644)  # as readable as the records: a temporary file is for its owner alone
        os.replace(file.name, target)
        return f"cells/{target.name}"


def _is_manifest(contents: Any) -> bool:
    if not isinstance(contents, dict):
        return False
    cells, environments = contents.get("cells"), contents.get("environments", {})
    return (cells is None or _are_texts(cells)) and _are_environments(environments)


def _are_texts(cells: Any) -> bool:
    return isinstance(cells, list) and all(isinstance(cell, str) for cell in cells)


def _are_environments(found: Any) -> bool:
    return isinstance(found, dict) and all(isinstance(each, dict) for each in found.values())


def _cut_torn_line(path: Path) -> None:
    """Remove what a killed writer left of its last line."""
    if not path.exists():
        return
    contents = path.read_bytes()
    whole = contents.rfind(b"\n") + 1
    if whole < len(contents):
        warnings.warn(
            f"{path}: the last line was torn by a killed run and is removed; its cell runs again", stacklevel=2
        )
        with path.open("r+b") as stream:
            stream.truncate(whole)


def read_records(path: Path, tell: Callable[[int, int], None] = silent) -> dict[str, Record]:
    """Return the last record of each cell in a `records.jsonl`, by its id, in the order in which they were written.

    A torn last line is left out with a warning. Raises `BenchError`, with its place, for any other line that is no
    record.
    """
    found: dict[str, Record] = {}
    shared: dict[str, Any] = {}
    with all_kept():
        for number, line in enumerate(_lines(path, tell), start=1):
            record = _record(line, f"{path}:{number}", shared)
            found.pop(record.cell_id, None)
            found[record.cell_id] = record
    return found


@contextlib.contextmanager
def all_kept() -> Iterator[None]:
    """Search for no garbage while the block runs."""
    # records refer to nothing that refers to them, and the search takes a third of the time of reading them
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _lines(path: Path, tell: Callable[[int, int], None]) -> Iterator[bytes]:
    """Yield the whole lines; they are read a block at a time."""
    done = 0
    try:
        with path.open("rb") as stream:
            total = os.fstat(stream.fileno()).st_size
            while block := stream.readlines(BLOCK):
                done += sum(map(len, block))
                if not block[-1].endswith(b"\n"):
                    warnings.warn(f"{path}: the last line is torn and left out", stacklevel=4)
                    block.pop()
                yield from block
                tell(done, total)
    except OSError as error:
        raise BenchError(f"{path}: can't be read ({error}); give a run's folder or its records.jsonl") from error


def _decoded(line: bytes) -> Any:
    try:
        # takes a third of the time of Python's own parser
        return from_json(line, cache_strings="all", allow_inf_nan=False)
    except ValueError:  # half of a surrogate pair is JSON for Python alone
        return json.loads(line.decode(), parse_constant=_no_number)


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def _record(line: bytes, where: str, shared: dict[str, Any]) -> Record:
    contents = _contents(line, where)
    if lacking := _lacking(contents):
        raise BenchError(f"{where}: {lacking}; remove the line, its cell runs again")
    try:
        record = record_of(contents, shared)
    except TypeError as error:
        raise BenchError(f"{where}: no record ({error}); remove the line, its cell runs again") from error
    if wrong := problem_of(record):
        raise BenchError(f"{where}: {wrong}; remove the line, its cell runs again")
    return record


def _contents(line: bytes, where: str) -> dict[str, Any]:
    """Return the object that a line holds, in today's schema; raise `BenchError` where it is none of a record."""
    try:
        contents: dict[str, Any] = _decoded(line)
        version = int(contents["schema_version"])
    except UnicodeDecodeError as error:
        raise BenchError(f"{where}: can't be read ({error}); give a run's folder or its records.jsonl") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BenchError(f"{where}: no record ({error}); remove the line, its cell runs again") from error
    if version > SCHEMA_VERSION:
        raise BenchError(f"{where}: schema version {version} is newer than {SCHEMA_VERSION}; upgrade transferbench")
    if version < 2:  # before the images of a budget could be chosen by another rule
        contents |= {"image_selection": "stratified", "schema_version": SCHEMA_VERSION}
    return contents


def _lacking(contents: dict[str, Any]) -> str | None:
    """Say which keys or numbers a record lacks that each must have; null where it lacks none."""
    if not contents.keys() >= _NEEDED:
        return f"a record without {', '.join(sorted(_NEEDED - contents.keys())[:4])}"
    numbers = [contents.get(key) for key in ("accuracy", "oracle_accuracy", "peak_rss_mib", "total_s")]
    if contents["status"] == "ok" and not all(isinstance(number, int | float) for number in numbers):
        return "status ok without its numbers"
    return None
