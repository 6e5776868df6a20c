"""An array that several processes fill: every row once and right, whoever dies, and never called whole before it is."""

import json
import multiprocessing
import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import Unwritable
from bench.machine import cache
from bench.machine.shared_arrays import OUTPUTS, PROGRESS, Chunk, Compute, Filling, Work, fill, help_fill, untouched

COUNT, STEP = 20, 3
SPANS = [(first, min(first + STEP, COUNT)) for first in range(0, COUNT, STEP)]
KEY = {"rows": COUNT}
FORK = multiprocessing.get_context("fork")


def rows(first: int, end: int) -> npt.NDArray[Any]:
    """What every process computes for these rows."""
    return np.arange(2 * first, 2 * end, dtype=np.float32).reshape(-1, 2) ** 2


def work(compute: Compute = rows, count: int = COUNT, step: int = STEP, **changes: Any) -> Work:
    """Return work on so many rows."""
    plain: dict[str, Any] = {"workers": 1, "machine": "here", "progress": lambda _: None}
    return Work(count, step, lambda: compute, **{**plain, **changes})


def nothing() -> Compute:
    """What nobody is to make ready."""
    raise AssertionError


def filled(folder: Path, **changes: Any) -> list[Chunk]:
    """Fill a folder in this process and look that all is there."""
    chunks = fill(folder, work(**changes))
    assert np.array_equal(np.load(folder / OUTPUTS), rows(0, COUNT))
    assert [(chunk.first, chunk.end) for chunk in chunks] == SPANS
    assert sorted(path.name for path in folder.iterdir()) == [PROGRESS, OUTPUTS]
    return chunks


def test_helper_whose_folder_is_finished_or_gone_meanwhile_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between opening the notes and holding a chunk: it neither computes nor stumbles, whatever has become of it."""
    begun = Filling.begun
    folder = tmp_path / "array"

    def vanish(filling: Filling) -> bool:
        answer = begun(filling)
        folder.rename(tmp_path / "in place")
        return answer

    folder.mkdir()
    cut_short(folder, 2)
    monkeypatch.setattr(Filling, "begun", vanish)
    help_fill(folder, Work(COUNT, STEP, nothing, 2, "here", lambda _: None))
    assert not folder.exists()


def test_notes_that_can_not_be_written_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An array that nobody vouches for is never handed out."""
    monkeypatch.setattr(Filling, "_note", lambda self, line: None)
    with pytest.raises(Unwritable, match="7 chunks could not be noted; is the disk full"):
        fill(tmp_path, work())


@settings(deadline=None)
@given(count=st.integers(1, 50), step=st.integers(1, 60))
def test_chunks_cover_all_rows_once(tmp_path_factory: pytest.TempPathFactory, count: int, step: int) -> None:
    """Whatever their number."""
    folder, seen = tmp_path_factory.mktemp("array"), Counter[int]()

    def compute(first: int, end: int) -> npt.NDArray[Any]:
        seen.update(range(first, end))
        return rows(first, end)

    chunks = fill(folder, work(compute, count, step))
    assert seen == Counter(range(count))
    assert sum(chunk.end - chunk.first for chunk in chunks) == count
    assert np.array_equal(np.load(folder / OUTPUTS), rows(0, count))


def test_rows_that_are_there_are_told_after_each_chunk(tmp_path: Path) -> None:
    """The last time all of them; each chunk knows under which conditions it was made."""
    told: list[int] = []
    chunks = filled(tmp_path, progress=told.append, workers=4, machine="there")
    assert told == [end for _, end in SPANS]
    assert {(chunk.workers, chunk.machine) for chunk in chunks} == {(4, "there")}
    assert all(chunk.seconds > 0 for chunk in chunks)


def cut_short(folder: Path, after: int, **changes: Any) -> None:
    """Fill a folder until so many chunks are there."""

    class Killed(Exception):
        """In place of a signal."""

    def die(done: int) -> None:
        if done >= min(after * STEP, COUNT):
            raise Killed

    with pytest.raises(Killed):
        fill(folder, work(progress=die, **changes))


def missing_of(folder: Path, **changes: Any) -> list[int]:
    """Fill a folder and return the first rows of the chunks that had to be computed."""
    computed: list[int] = []

    def compute(first: int, end: int) -> npt.NDArray[Any]:
        computed.append(first)
        return rows(first, end)

    filled(folder, compute=compute, **changes)
    return computed


@pytest.mark.parametrize("torn", ["", '{"first": 9, "end"', "\x00\x00", '{"first": 9, "end": 12}', "[9, 12]", "9"])
def test_note_that_was_torn_costs_its_chunk_alone(tmp_path: Path, torn: str) -> None:
    """The notes before it count, and so do those that come after it."""
    cut_short(tmp_path, 3)
    with (tmp_path / PROGRESS).open("a") as stream:
        stream.write(torn)
    cut_short(tmp_path, 5)
    assert missing_of(tmp_path) == [first for first, _ in SPANS[5:]]


def test_chunks_of_another_size_count_for_nothing(tmp_path: Path) -> None:
    """Their rows are computed again."""
    cut_short(tmp_path, 3, step=STEP + 1)
    assert missing_of(tmp_path) == [first for first, _ in SPANS]


@pytest.mark.parametrize("done", [0, 3])
@pytest.mark.parametrize("damage", ["gone", "cut short", "other rows"])
def test_notes_of_an_array_that_is_not_there_count_for_nothing(tmp_path: Path, damage: str, done: int) -> None:
    """Whoever fills it begins anew; a helper leaves it alone."""
    cut_short(tmp_path, 3)
    path = tmp_path / OUTPUTS
    if not done:
        (tmp_path / PROGRESS).write_text("")
    contents = path.read_bytes()
    path.unlink()
    if damage == "cut short":
        path.write_bytes(contents[:-8])
    if damage == "other rows":
        np.save(path, rows(0, COUNT + 1))
    if done and damage != "gone":
        help_fill(tmp_path, Work(COUNT, STEP, nothing, 2, "here", lambda _: None))
    assert missing_of(tmp_path) == [first for first, _ in SPANS]


def test_nobody_helps_where_nothing_has_begun(tmp_path: Path) -> None:
    """Nor is a folder made; nor where all is there but for the last touch, or another host has begun."""
    for folder in (tmp_path, tmp_path / "none"):
        help_fill(folder, Work(COUNT, STEP, nothing, 2, "here", lambda _: None))
    assert not list(tmp_path.iterdir())
    (tmp_path / PROGRESS).write_text('{"host": "another one"}\n')
    help_fill(tmp_path, Work(COUNT, STEP, nothing, 2, "here", lambda _: None))
    cut_short(tmp_path, len(SPANS))
    help_fill(tmp_path, Work(COUNT, STEP, nothing, 2, "here", lambda _: None))


def started(target: Callable[..., None], *arguments: Any) -> BaseProcess:
    """Start a process of its own."""
    process = FORK.Process(target=target, args=arguments)
    process.start()
    return process


def _share(root: Path, marks: Path) -> None:
    """Want the array as a cell beside others does; leave a mark for each chunk computed here."""

    def compute(first: int, end: int) -> npt.NDArray[Any]:
        time.sleep(0.05)
        (marks / f"{first}-{os.getpid()}").touch()
        return rows(first, end)

    mine = work(compute, workers=3)

    def make(folder: Path) -> dict[str, Any]:
        return {"chunks": len(fill(folder, mine))}

    path = cache.folder(root, "features", KEY, "an array", make, lambda folder: help_fill(folder, mine))
    assert np.array_equal(np.load(path / OUTPUTS), rows(0, COUNT))


def test_processes_that_want_the_same_array_fill_it_together(tmp_path: Path) -> None:
    """Each chunk is computed once; nobody sits by."""
    marks = tmp_path / "marks"
    marks.mkdir()
    processes = [started(_share, tmp_path / "cache", marks) for _ in range(3)]
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    computed = [tuple(map(int, mark.name.split("-"))) for mark in marks.iterdir()]
    assert sorted(first for first, _ in computed) == [first for first, _ in SPANS]
    assert len({pid for _, pid in computed}) > 1
    (made,) = (tmp_path / "cache" / "features").glob("*/manifest.json")
    assert json.loads(made.read_text())["chunks"] == len(SPANS)
    assert sorted(path.name for path in made.parent.iterdir()) == [PROGRESS, "manifest.json", OUTPUTS]


def _help_and_hold(folder: Path, held: Path, go_on: Path) -> None:
    """Take the first chunk that nobody has, and keep it until told."""

    def compute(first: int, end: int) -> npt.NDArray[Any]:
        held.touch()
        while not go_on.exists():
            time.sleep(0.01)
        return rows(first, end)

    help_fill(folder, work(compute, workers=2))


@pytest.mark.parametrize("end", ["killed", "finished"])
def test_a_chunk_that_another_process_holds_is_waited_for(tmp_path: Path, end: str) -> None:
    """And computed after all where that process is killed; before that nothing is called whole."""
    folder, held, go_on = tmp_path / "array", tmp_path / "held", tmp_path / "go"
    folder.mkdir()
    cut_short(folder, 2)
    helper = started(_help_and_hold, folder, held, go_on)
    while not held.exists():
        time.sleep(0.01)
    assert helper.pid is not None
    computed: list[int] = []

    def compute(first: int, last: int) -> npt.NDArray[Any]:
        computed.append(first)
        if first == SPANS[-1][0]:  # all others are there: now for the one that is held
            os.kill(helper.pid or 0, signal.SIGKILL) if end == "killed" else go_on.touch()
        return rows(first, last)

    chunks = filled(folder, compute=compute)
    helper.join()
    free = [first for first, _ in SPANS[3:]]
    assert computed == ([*free, SPANS[2][0]] if end == "killed" else free)
    assert [chunk.workers for chunk in chunks] == [1, 1, 1 if end == "killed" else 2, 1, 1, 1, 1]


def test_a_folder_is_removed_only_while_nobody_computes_for_it(tmp_path: Path) -> None:
    """A helper whose maker is gone ends its chunk first; without notes there is nobody to hold off."""
    folder, held, go_on = tmp_path / "array", tmp_path / "held", tmp_path / "go"
    with untouched(folder):
        folder.mkdir()
    cut_short(folder, 2)
    helper = started(_help_and_hold, folder, held, go_on)
    while not held.exists():
        time.sleep(0.01)
    remover = started(_remove, folder)
    remover.join(0.2)
    assert folder.exists()
    go_on.touch()
    for process in (helper, remover):
        process.join()
    assert (helper.exitcode, remover.exitcode, folder.exists()) == (0, 0, False)


def _remove(folder: Path) -> None:
    with untouched(folder):
        shutil.rmtree(folder)
