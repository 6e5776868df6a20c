"""An array on disk that several processes fill together, chunk by chunk; one that is killed loses only its own chunk.

Notes beside the array say which chunks are done. A chunk is noted only once its rows are on the disk.
"""

import contextlib
import fcntl
import json
import os
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import IO, Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict, Field, TypeAdapter
from typing_extensions import TypedDict

from bench.errors import Unwritable
from bench.machine import writing
from bench.machine.reading import DAMAGED, Unfit, parse, problem_in, regular

# the notes are never removed: a process that is killed just before the folder is put in place has lost nothing
OUTPUTS, PROGRESS = "outputs.npy", ".progress.jsonl"
"""Names of the array and of its notes."""

LONGEST_S = 1e9
"""No chunk takes longer: thirty years."""
Compute = Callable[[int, int], npt.NDArray[Any]]


@dataclass(frozen=True)
class Work:
    """What there is to compute, and how this process does it."""

    count: int
    """Rows of the array."""
    step: int
    """Rows of a chunk; the last one may be smaller."""
    start: Callable[[], Compute]
    """Makes ready, once and untimed. What it returns gives the rows from `first` to before `end`, the same anywhere."""
    workers: int
    """Cells that run side by side."""
    machine: str
    """What decides how fast this machine is, in words."""
    progress: Callable[[int], None]
    """Called with the number of rows that are there, after each chunk that this process has computed."""


@dataclass(frozen=True)
class Chunk:
    """Rows that lie on the disk, and what they have cost."""

    first: int
    end: int
    seconds: float
    cpu_seconds: float
    workers: int
    machine: str


class _Noted(TypedDict):
    first: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]
    seconds: Annotated[float, Field(ge=0, le=LONGEST_S)]
    cpu_seconds: Annotated[float, Field(ge=0, le=LONGEST_S)]
    workers: Annotated[int, Field(ge=1)]
    machine: str


_Noted.__pydantic_config__ = ConfigDict(strict=True, allow_inf_nan=False)  # type: ignore[attr-defined]
NOTED: TypeAdapter[Any] = TypeAdapter(_Noted)
CHUNK_KEYS = {field.name for field in fields(Chunk)}


def fill(folder: Path, work: Work) -> list[Chunk]:
    """Fill the folder's array, going on from what is there, and return its chunks.

    Only the one process that holds the folder's lock may call this; others call `help_fill`.
    """
    with writing.opened_alone(folder / PROGRESS) as notes:
        filling = Filling(folder, work, notes)
        filling.begin()
        try:
            filling.compute(wait=False)
            # then what others held: it is waited for, and computed after all where they ended without it
            filling.compute(wait=True)
        except Exception:
            filling.forget_if_empty()
            raise
        chunks = filling.chunks()
    if missing := [span for span in filling.spans if span[0] not in chunks]:
        raise Unwritable(f"{folder}: {len(missing)} chunks could not be noted; is the disk full? make room there")
    return [chunks[first] for first, _ in filling.spans]


def help_fill(folder: Path, work: Work) -> None:
    """Compute the chunks that no other process holds, while another one of this host fills the folder's array."""
    with contextlib.ExitStack() as stack:
        notes = stack.enter_context(writing.opened_again(folder / PROGRESS))
        if notes is None:
            return
        filling = Filling(folder, work, notes)
        if filling.begun():
            filling.compute(wait=False)


@contextlib.contextmanager
def untouched(folder: Path) -> Iterator[None]:
    """Keep all processes from filling a folder's array while the block runs.

    Where the block removes the folder, those that waited notice that it is gone.
    """
    with contextlib.ExitStack() as stack:
        if (notes := stack.enter_context(writing.opened_again(folder / PROGRESS))) is not None:
            fcntl.lockf(notes, fcntl.LOCK_EX)
        yield


class Filling:
    """One process's part in filling an array.

    Locks lie on bytes of the notes. Byte n stands for chunk n and is held while that chunk is computed; the byte after
    the last chunk's stands for the notes and the array themselves.
    """

    def __init__(self, folder: Path, work: Work, notes: IO[bytes]) -> None:
        # one handle for everything: POSIX locks of a process end when it closes any handle of the file
        self._folder, self._work, self._notes = folder, work, notes
        self.spans = dict.fromkeys((n, min(n + work.step, work.count)) for n in range(0, work.count, work.step))
        self._compute: Compute | None = None

    def begin(self) -> None:
        """Note which host fills; only the process that holds the folder may."""
        with self._held(len(self.spans)):
            if not self._whole():  # what is noted of it says nothing then
                self._start_anew()
            self._note({"host": platform.node()})

    def forget_if_empty(self) -> None:
        """Leave neither notes nor an array where nothing is done, so that nobody keeps them."""
        with self._held(len(self.spans)):
            if not self.chunks():
                self._start_anew()

    def _start_anew(self) -> None:
        writing.remove(self._folder / OUTPUTS)
        with writing.told(self._folder):
            writing.empty(self._notes)

    def begun(self) -> bool:
        """Say whether a process of this host has begun and what lies there is sound."""
        # on a shared disk two hosts would overwrite pages of the array that the other one has written
        hosts = [line["host"] for line in self._lines() if "host" in line]
        sound = self._whole() or not (self._folder / OUTPUTS).exists()
        return hosts[-1:] == [platform.node()] and sound

    def compute(self, wait: bool) -> None:
        """Compute the chunks that are not there. Those that another process holds are waited for, or left to it."""
        there = self.chunks()
        for position, (first, end) in enumerate(self.spans):
            if first in there:
                continue
            with self._held(position, wait) as mine:
                # looked up again under the lock: another may have computed it, or put the folder in place
                if not mine or first in (there := self.chunks()) or not self._in_place():
                    continue
                self._one(first, end)
                self._work.progress(end - first + sum(chunk.end - chunk.first for chunk in there.values()))

    def chunks(self) -> dict[int, Chunk]:
        """Return the chunks that are noted as done, by their first row."""
        found = [Chunk(**line) for line in self._lines() if line.keys() == CHUNK_KEYS and not problem_in(NOTED, line)]
        return {chunk.first: chunk for chunk in found if (chunk.first, chunk.end) in self.spans}

    def _one(self, first: int, end: int) -> None:
        """Compute a chunk, put it on the disk, and note it as done with what it cost."""
        if self._compute is None:
            self._compute = self._work.start()
        began = time.perf_counter(), time.process_time()
        rows = self._compute(first, end)
        computed = time.perf_counter()
        with self._held(len(self.spans)):
            waited = time.perf_counter() - computed  # for other processes, which is no cost of this chunk
            array = self._mapped(rows)
            array[first:end] = rows
            array.flush()  # type: ignore[attr-defined]  # a memory map
            seconds, cpu_seconds = time.perf_counter() - began[0] - waited, time.process_time() - began[1]
            self._note(asdict(Chunk(first, end, seconds, cpu_seconds, self._work.workers, self._work.machine)))

    def _mapped(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the array, mapped into memory; the first chunk's rows say its shape and type."""
        path, shape = self._folder / OUTPUTS, (self._work.count, *rows.shape[1:])
        if not path.exists():
            writing.new_array(path, rows.dtype, shape)
        array = writing.mapped(path)
        assert (array.shape, array.dtype) == (shape, rows.dtype), f"{path}: left by another extraction"
        return array

    def _whole(self) -> bool:
        """Say whether the array on the disk is this folder's own, and has as many rows as there are to be."""
        if not writing.is_own(self._folder / OUTPUTS):
            return False
        try:
            regular(self._folder / OUTPUTS)
            return len(np.load(self._folder / OUTPUTS, mmap_mode="r")) == self._work.count
        except DAMAGED:
            return False

    def _in_place(self) -> bool:
        """Say whether the folder is still where it was: neither put in place meanwhile nor removed."""
        try:
            return os.path.samestat(os.fstat(self._notes.fileno()), (self._folder / PROGRESS).stat())
        except FileNotFoundError:
            return False

    def _lines(self) -> list[dict[str, Any]]:
        self._notes.seek(0)
        found = (_read(line) for line in self._notes.read().splitlines())
        return [line for line in found if isinstance(line, dict)]

    def _note(self, line: dict[str, Any]) -> None:
        """Append a line to the notes."""
        with writing.told(self._folder):
            self._notes.seek(0, os.SEEK_END)
            # a line feed before it too: a killed process may have left half a line
            writing.write_all(self._notes, f"\n{json.dumps(line)}\n".encode())

    @contextlib.contextmanager
    def _held(self, position: int, wait: bool = True) -> Iterator[bool]:
        """Hold one byte's lock while the block runs; without `wait` give false where another process has it."""
        try:
            fcntl.lockf(self._notes, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB), 1, position)
        except (BlockingIOError, PermissionError):
            yield False
            return
        try:
            yield True
        finally:
            fcntl.lockf(self._notes, fcntl.LOCK_UN, 1, position)


def _read(line: bytes) -> Any:
    """Return what a note says; null for half a line that a killed process left."""
    try:
        return parse(line)
    except Unfit:
        return None
