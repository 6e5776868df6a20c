"""The lines of a `records.jsonl` -> records. A line that holds none is left out and named; the others stand.

A figure out of its range is left out of its record, which counts as failed where the figure decides on it
(`bench/records/plausible.py`). So whoever has a `Record` of a file may trust what it holds.
"""

import contextlib
import dataclasses
import gc
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from bench.errors import BenchError
from bench.machine.reading import GIB, MIB, Unfit, opened, parse, problem_in, quoted
from bench.records.field_types import FIT, fits, problem_of
from bench.records.plausible import NEEDED, has_negative_cold, told, without, wrong_in
from bench.records.record import SCHEMA_VERSION, Record, record_of

LINE = 16 * MIB
"""Bytes of a line at most; a record with the accuracies of 20,000 classes has 400 KB."""
FILE = 64 * GIB
"""Bytes of a file at most: ten million cells."""
UNFIT = 1000
"""Lines that hold no record after which a file is taken for something else."""
NAMED = 3
"""Lines that warnings name."""
MEND = "remove the line, its cell runs again"
TELL = 256
"""Lines after which somebody is told."""
_NEEDED = {
    field.name
    for field in dataclasses.fields(Record)
    if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
}


@dataclass(frozen=True)
class Found:
    """What a file of records holds."""

    records: dict[str, Record]
    """The last record of each cell, by its id, in the order in which they were written."""
    left_out: tuple[str, ...]
    """A sentence for each line that holds no record: which, why, what to do."""
    unreliable: Mapping[str, Mapping[str, str]]
    """By the cell's id and the field: what is wrong with a figure that was left out of a record."""

    def said(self) -> tuple[str, ...]:
        """Return what a report over the rest has to say of the lines that were left out."""
        if not self.left_out:
            return ()
        lines = (
            "1 line holds no record and is"
            if len(self.left_out) == 1
            else f"{len(self.left_out)} lines hold no record and are"
        )
        return (f"{lines} left out: {'; '.join(self.left_out[:NAMED])}{_more(self.left_out)}.",)


def silent(done: int, total: int) -> None:
    """Tell nobody how far the reading is."""


def read_records(path: Path, tell: Callable[[int, int], None] = silent) -> dict[str, Record]:
    """Return the last record of each cell; what is left out is told in warnings."""
    found = read_lines(path, tell)
    for sentence in told(found.unreliable, found.records.values()):
        warnings.warn(f"{path}: {sentence}", stacklevel=2)
    return found.records


def read_lines(path: Path, tell: Callable[[int, int], None] = silent) -> Found:
    """Return what a file holds; each line that holds no record is told in a warning.

    Raises `BenchError` for a file that can't be read, one without any record among its lines, and one of a newer
    version.
    """
    found = _Gathered()
    try:
        with all_kept(), opened(path, FILE) as stream:
            for number, line in enumerate(_lines(stream, path, tell), start=1):
                found.take(line, f"{path}:{number}")
    except Unfit as error:
        raise BenchError(f"{path}: {error}; give a run's folder or its records.jsonl") from error
    if found.left_out and not found.records:
        raise BenchError(f"{found.left_out[0]}{_more(found.left_out, 1)}; no line of the file is a record")
    for sentence in found.left_out[:NAMED]:
        warnings.warn(f"{sentence}; the line is left out", stacklevel=3)
    if more := _more(found.left_out):
        warnings.warn(f"{path}:{more}", stacklevel=3)
    return Found(found.records, tuple(found.left_out), found.unreliable)


def _more(sentences: list[str] | tuple[str, ...], named: int = NAMED) -> str:
    return f" and {len(sentences) - named} more lines" if len(sentences) > named else ""


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


def is_record(line: bytes) -> bool:
    """Say whether a line is a whole JSON object, as the last one of a file is whose line end alone was lost."""
    try:
        return isinstance(parse(line), dict)
    except Unfit:
        return False


def _lines(stream: BinaryIO, path: Path, tell: Callable[[int, int], None]) -> Iterator[bytes]:
    """Yield the lines; one that was cut short at the end of the file is left out with a warning."""
    total = stream.seek(0, 2)
    stream.seek(0)
    done, number = 0, 0
    while line := stream.readline(LINE + 1):
        done, number = done + len(line), number + 1
        if len(line) > LINE:
            raise Unfit(f"line {number} has more than {LINE // MIB} MiB, so this is no file of records")
        if not line.endswith(b"\n") and not is_record(line):
            warnings.warn(f"{path}: the last line is torn and left out", stacklevel=5)
            break
        yield line
        if number % TELL == 0:
            tell(done, total)
    tell(done, total)


class _Gathered:
    """The records of the lines so far."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.left_out: list[str] = []
        self.unreliable: dict[str, dict[str, str]] = {}
        self._shared: dict[Any, Any] = {}

    def take(self, line: bytes, where: str) -> None:
        """Take a line in; of a cell that is there already the last record counts."""
        try:
            record, wrong = _record(line, self._shared)
        except _TooNew as error:
            raise BenchError(f"{where}: {error}") from error
        except Unfit as error:
            self.left_out.append(f"{where}: {error}; {MEND}")
            if len(self.left_out) > UNFIT:
                raise Unfit(f"more than {UNFIT} lines hold no record, the first is {self.left_out[0]}") from error
            return
        # out first, so that the last record of a cell also comes last
        self.records.pop(record.cell_id, None)
        self.unreliable.pop(record.cell_id, None)
        self.records[record.cell_id] = record
        if wrong:
            self.unreliable[record.cell_id] = wrong


class _TooNew(Exception):
    """A record of a version that this one can't read."""


def _record(line: bytes, shared: dict[Any, Any]) -> tuple[Record, dict[str, str]]:
    """Return the record of a line, and what is wrong with each figure that was left out of it."""
    contents = _contents(line)
    fit = fits(contents)
    if not fit and (problem := problem_of(contents)):
        raise Unfit(problem)
    if contents["status"] == "ok" and any(contents.get(key) is None for key in NEEDED):
        raise Unfit("status ok without its numbers")
    record = record_of(contents, shared)
    if fit and not has_negative_cold(record):
        return record, {}
    wrong = wrong_in(record)
    if not fits(contents | dict.fromkeys(wrong)):
        raise Unfit(problem_in(FIT, contents) or "values that do not go together")
    return without(record, wrong), wrong


def _contents(line: bytes) -> dict[str, Any]:
    """Return the object that a line holds, in today's schema; raise `Unfit` where it is none of a record."""
    contents = parse(line)
    if not isinstance(contents, dict):
        raise Unfit(f"no record ({quoted(contents)})")
    version = contents.get("schema_version")
    if type(version) is not int or version < 1:
        raise Unfit(f"no record (schema_version is {quoted(version)})")
    if version > SCHEMA_VERSION:
        raise _TooNew(f"schema version {quoted(version)} is newer than {SCHEMA_VERSION}; upgrade transferbench")
    if version < 2:  # before the images of a budget could be chosen by another rule
        contents |= {"image_selection": "stratified", "schema_version": SCHEMA_VERSION}
    if not contents.keys() >= _NEEDED:
        raise Unfit(f"a record without {', '.join(sorted(_NEEDED - contents.keys())[:4])}")
    return contents
