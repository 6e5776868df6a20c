"""An array on the disk, filled chunk by chunk by whichever processes want it; a killed one loses its own chunk."""

import contextlib
import fcntl
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

OUTPUTS, PROGRESS = "outputs.npy", "progress.jsonl"

Compute = Callable[[int, int], npt.NDArray[Any]]


@dataclass(frozen=True)
class Work:
    """What there is to compute, and under which conditions this process does."""

    count: int
    """Rows of the array."""
    step: int
    """Rows of a chunk; the last one may be smaller."""
    start: Callable[[], Compute]
    """Makes ready, once and untimed; what it returns gives rows from one to before another, whoever asks the same."""
    workers: int
    """Cells side by side."""
    machine: str
    progress: Callable[[int], None]
    """Hears how many rows are there, after each chunk of this process."""


@dataclass(frozen=True)
class Chunk:
    """Rows that lie on the disk, and what they have cost."""

    first: int
    end: int
    seconds: float
    cpu_seconds: float
    workers: int
    machine: str


def fill(folder: Path, work: Work) -> list[Chunk]:
    """Fill the folder's array, going on from what is there, and return its chunks; one process at a time does this.

    Chunks that another process works on are waited for, and computed after all where it ends without them.
    """
    (folder / PROGRESS).touch()
    with (folder / PROGRESS).open("rb+", buffering=0) as notes:
        filling = Filling(folder, work, notes)
        if not filling.sound():
            filling.begin_anew()
        filling.compute(wait=False)
        filling.compute(wait=True)
        chunks = filling.chunks()
    (folder / PROGRESS).unlink()
    return [chunks[first] for first in sorted(chunks)]


def help_fill(folder: Path, work: Work) -> None:
    """Compute what nobody else is at while another process fills the folder's array, if it has begun to."""
    with contextlib.ExitStack() as stack:
        try:
            notes = stack.enter_context((folder / PROGRESS).open("rb+", buffering=0))
        except FileNotFoundError:
            return
        filling = Filling(folder, work, notes)
        if filling.sound():  # else it was finished and renamed just now, or is to be begun anew
            filling.compute(wait=False)


class Filling:
    """One process's share. The notes are open once: POSIX locks end when any handle of the process is closed.

    Byte n of the notes' locks stands for chunk n, held while it is computed; the byte after the last for the notes and
    the array themselves.
    """

    def __init__(self, folder: Path, work: Work, notes: IO[bytes]) -> None:
        self._path, self._work, self._notes = folder / OUTPUTS, work, notes
        self._spans = [(first, min(first + work.step, work.count)) for first in range(0, work.count, work.step)]
        self._compute: Compute | None = None

    def sound(self) -> bool:
        """Say whether what is noted as done can be there: the array is whole, or nothing has been done yet."""
        with self._held(len(self._spans)):
            return self._fits() or not (self.chunks() or self._path.exists())

    def begin_anew(self) -> None:
        """Forget all that is noted, and the array."""
        with self._held(len(self._spans)):
            self._path.unlink(missing_ok=True)
            self._notes.truncate(0)

    def compute(self, wait: bool) -> None:
        """Compute the chunks that are not there; those that another process holds after it, or not at all."""
        for position, span in enumerate(self._spans):
            if span[0] in self.chunks():
                continue
            with self._held(position, wait) as mine:
                if mine and span[0] not in self.chunks():
                    self._one(*span)
                    self._work.progress(sum(chunk.end - chunk.first for chunk in self.chunks().values()))

    def chunks(self) -> dict[int, Chunk]:
        """Return the chunks that are noted as done, by their first row."""
        self._notes.seek(0)
        found = (_chunk(line) for line in self._notes.read().splitlines())
        return {chunk.first: chunk for chunk in found if chunk and (chunk.first, chunk.end) in self._spans}

    def _one(self, first: int, end: int) -> None:
        """Compute a chunk and put it on the disk, before it is noted as done."""
        if self._compute is None:
            self._compute = self._work.start()
        wall, cpu = time.perf_counter(), time.process_time()
        rows = self._compute(first, end)
        with self._held(len(self._spans)):
            array = self._mapped(rows)
            array[first:end] = rows
            array.flush()  # type: ignore[attr-defined]  # a memory map
            cost = time.perf_counter() - wall, time.process_time() - cpu
            line = json.dumps(asdict(Chunk(first, end, *cost, self._work.workers, self._work.machine)))
            self._notes.seek(0, 2)
            self._notes.write(f"\n{line}\n".encode())  # a line of its own, whatever a killed process left before it

    def _mapped(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        shape = (self._work.count, *rows.shape[1:])
        mode: Any = "r+" if self._path.exists() else "w+"
        array: npt.NDArray[Any] = np.lib.format.open_memmap(self._path, mode=mode, dtype=rows.dtype, shape=shape)
        assert (array.shape, array.dtype) == (shape, rows.dtype), f"{self._path}: left by another extraction"
        return array

    def _fits(self) -> bool:
        """Say whether the array on the disk is whole, with as many rows as there are to be."""
        try:
            return len(np.load(self._path, mmap_mode="r")) == self._work.count
        except (OSError, ValueError, TypeError, EOFError):
            return False

    @contextlib.contextmanager
    def _held(self, position: int, wait: bool = True) -> Iterator[bool]:
        """Hold one byte's lock while the block runs; without waiting say false where another process has it."""
        try:
            fcntl.lockf(self._notes, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB), 1, position)
        except (BlockingIOError, PermissionError):
            yield False
            return
        try:
            yield True
        finally:
            fcntl.lockf(self._notes, fcntl.LOCK_UN, 1, position)


def _chunk(line: bytes) -> Chunk | None:
    """Read one note; null where it can't be read."""
    try:
        return Chunk(**json.loads(line))
    except (ValueError, TypeError):
        return None
