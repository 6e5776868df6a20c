"""All writing goes through one door: whole files or none, nothing out of the folder that was given, no traceback."""

import contextlib
import errno
import multiprocessing
import os
import resource
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.errors import Unwritable
from bench.machine import cache, writing
from bench.machine.shared_arrays import Work, fill, help_fill
from bench.machine.writing import Appending, kind, new_array, opened, remove, stream, sweep, write_atomically
from tests.material.foreign import OBSTACLES, Foreign, in_time, snapshot

FORK = multiprocessing.get_context("fork")
ARRAY = (5, 3)


def _write(path: Path, within: Path) -> None:
    write_atomically(path, "new", within)


def _append(path: Path, within: Path) -> None:
    with Appending(path, within) as file:
        file.append(b"new\n")


def _open(path: Path, within: Path) -> None:
    opened(path, within).close()


def _array(path: Path, within: Path) -> None:
    new_array(path, np.float32, ARRAY, within)
    writing.mapped(path)[:] = 1


def _fill(path: Path, within: Path) -> None:
    fill(writing.make_folder(path.parent, within), Work(5, 2, lambda: _rows, 1, "here", lambda _: None))


def _help(path: Path, within: Path) -> None:
    help_fill(path.parent, Work(5, 2, lambda: _rows, 1, "here", lambda _: None))


def _rows(first: int, end: int) -> Any:
    return np.ones((end - first, 3), np.float32)


WAYS: dict[str, Callable[[Path, Path], None]] = {
    "write": _write,
    "append": _append,
    "open": _open,
    "array": _array,
    "remove": remove,
    "lock": lambda path, within: cache.locked(path, within=within).__enter__(),
    "fill": _fill,
    "help": _help,
    "use": writing.note_use,
}
NAMES = {"fill": ("outputs.npy", ".progress.jsonl"), "help": ("outputs.npy", ".progress.jsonl")}


@pytest.mark.parametrize("obstacle", OBSTACLES)
@pytest.mark.parametrize("way", WAYS)
def test_nothing_gets_out_of_the_folder_that_was_given(tmp_path: Path, way: str, obstacle: str) -> None:
    """Whatever lies in place of the file, or of a folder above it: it is written well, or refused in one line."""
    for name in NAMES.get(way, ("file",)):
        for place in (f"inside/{name}", "inside"):
            foreign = Foreign(tmp_path / f"{name} {place.replace('/', ' ')}")
            target = foreign.given / "inside" / name
            foreign.put(obstacle, foreign.given / place)
            with foreign.unharmed(), in_time(), contextlib.suppress(Unwritable):
                WAYS[way](target, foreign.given)


@pytest.mark.parametrize("way", [way for way in WAYS if way not in ("remove", "help", "use")])
def test_the_given_folder_itself_may_be_a_link(tmp_path: Path, way: str) -> None:
    """And those above it."""
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "above").symlink_to("real")
    (tmp_path / "real" / "given").symlink_to("deep")
    WAYS[way](tmp_path / "above" / "given" / "inside" / "file", tmp_path / "above" / "given")
    assert list((tmp_path / "real" / "deep" / "inside").iterdir())


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/x", "a/../b"])
def test_a_path_that_leads_out_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(Unwritable, match=r"leads out of .*; name a path inside"):
        write_atomically(tmp_path / "given" / path, "new", tmp_path / "given")
    assert not list(tmp_path.rglob("x"))


@pytest.mark.parametrize(
    ("obstacle", "said"), [("link to a file", "a link"), ("pipe", "a pipe"), ("folder", "a folder")]
)
def test_what_is_in_the_way_is_named(tmp_path: Path, obstacle: str, said: str) -> None:
    foreign = Foreign(tmp_path)
    foreign.put(obstacle, foreign.given / "file")
    with pytest.raises(Unwritable, match=rf"given/file: is {said} where a file of its own is written; move it away"):
        Appending(foreign.given / "file")


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        Unwritable, match=rf"{tmp_path}/file/run: can't be written \({tmp_path}/file is no folder\); .*--out"
    ):
        writing.make_folder(tmp_path / "file" / "run")


def test_what_other_names_stand_for_stays_as_it_was(tmp_path: Path) -> None:
    """A run that `cp -al` has copied is not changed by what is added to the original, and the other way round."""
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"old\n")
    os.link(one, other)
    with Appending(one) as file:
        assert file.append(b"new\n") == 4
    assert (one.read_bytes(), other.read_bytes()) == (b"old\nnew\n", b"old\n")
    write_atomically(other, "newer")
    assert one.read_bytes() == b"old\nnew\n"


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_files_are_as_readable_as_the_user_wants_them(tmp_path: Path, mask: int) -> None:
    """Those that are written beside and renamed as much as others."""
    before = os.umask(mask)
    try:
        write_atomically(tmp_path / "text", "")
        new_array(tmp_path / "array", np.uint8, (3,))
        with Appending(tmp_path / "lines"):
            (tmp_path / "usual").touch()
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o666 & ~mask}


def test_an_array_is_the_one_that_numpy_writes(tmp_path: Path) -> None:
    """Byte for byte, with all of its room on the disk."""
    new_array(tmp_path / "ours.npy", np.float16, (300, 7))
    np.save(tmp_path / "numpys.npy", np.zeros((300, 7), np.float16))
    assert (tmp_path / "ours.npy").read_bytes() == (tmp_path / "numpys.npy").read_bytes()
    status = (tmp_path / "ours.npy").stat()
    assert status.st_blocks * 512 >= status.st_size


def test_where_no_room_can_be_set_apart_zeros_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    monkeypatch.setattr(writing, "_BLOCK", 1000)
    new_array(tmp_path / "array.npy", np.uint8, (100, 100))
    monkeypatch.delattr(os, "posix_fallocate")
    new_array(tmp_path / "other.npy", np.uint8, (100, 100))
    for name in ("array.npy", "other.npy"):
        assert not np.load(tmp_path / name).any()
        assert (tmp_path / name).stat().st_blocks * 512 >= 10_000


def test_an_array_with_holes_gets_its_room_before_it_is_written(tmp_path: Path) -> None:
    """As earlier versions left them."""
    np.lib.format.open_memmap(tmp_path / "array.npy", mode="w+", dtype=np.uint8, shape=(1_000_000,))
    assert (tmp_path / "array.npy").stat().st_blocks * 512 < 100_000
    assert not writing.mapped(tmp_path / "array.npy").any()
    assert (tmp_path / "array.npy").stat().st_blocks * 512 >= 1_000_000


def test_what_a_killed_process_left_goes_and_what_a_living_one_writes_stays(tmp_path: Path) -> None:
    """And so does whatever is none of ours: a download of the user's, a folder, a link."""
    (tmp_path / ".report.md.0a1b2c3d.part").write_text("half")
    (tmp_path / "tmpab_12xyz.part").write_text("half, of an earlier version")
    others = ["film.mkv.part", ".part", ".0a1b2c3d.part", "report.md.0a1b2c3d.part"]
    for name in others:
        (tmp_path / name).touch()
    (tmp_path / ".folder.0a1b2c3d.part").mkdir()
    (tmp_path / ".link.0a1b2c3d.part").symlink_to("film.mkv.part")
    before = set(tmp_path.iterdir())
    with stream(tmp_path / "report.md") as file:
        (living,) = set(tmp_path.iterdir()) - before
        sweep(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {
            living.name,
            *others,
            ".folder.0a1b2c3d.part",
            ".link.0a1b2c3d.part",
        }
        file.write(b"whole")
    assert (tmp_path / "report.md").read_bytes() == b"whole"
    sweep(tmp_path / "nowhere")


class Full:
    """A disk that is full from the nth thing on that is asked of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, code: int = errno.ENOSPC) -> None:
        self.left, self.code = 10**9, code
        for place, name in (
            (os, "fsync"),
            (os, "replace"),
            (os, "write"),
            (os, "posix_fallocate"),
            (writing._Beside, "write"),
            (writing._Beside, "__init__"),
            (Path, "mkdir"),
            (Path, "rename"),
        ):
            monkeypatch.setattr(place, name, self._asked(getattr(place, name)))

    def _asked(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*arguments: Any, **named: Any) -> Any:
            self.left -= 1
            if self.left < 0:
                if real is _WRITE:
                    arguments[0].failed = OSError(self.code, os.strerror(self.code))
                raise OSError(self.code, os.strerror(self.code))
            return real(*arguments, **named)

        return asked


_WRITE = writing._Beside.write
WORK: dict[str, Callable[[Path], Any]] = {
    "text": lambda folder: write_atomically(folder / "a" / "text", "new"),
    "array": lambda folder: _array(folder / "a" / "array.npy", folder),
    "lines": lambda folder: _append(folder / "a" / "lines", folder),
    "archive": lambda folder: _archive(folder / "a" / "arrays.npz"),
    "features": lambda folder: cache.folder(folder, "features", "key", "label", _features),
    "decoded": lambda folder: cache.folder(folder, "decoded", "key", "label", _decoded),
}


def _archive(path: Path) -> None:
    with stream(path) as file:
        np.savez_compressed(file, one=np.arange(9), other=np.arange(99))


def _features(folder: Path) -> dict[str, Any]:
    fill(folder, Work(5, 2, lambda: _rows, 1, "here", lambda _: None))
    return {}


def _decoded(folder: Path) -> dict[str, Any]:
    _array(folder / "train.npy", folder)
    write_atomically(folder / "train.json", "{}")
    return {}


def _is_of_use(path: Path) -> bool:
    """Say whether the next call goes on from an unfinished folder: chunks of it are done, or all."""
    notes = path / ".progress.jsonl"
    return (path / "manifest.json").exists() or (notes.exists() and "first" in notes.read_text())


@pytest.mark.parametrize(
    ("work", "code"),
    [
        *((work, errno.ENOSPC) for work in WORK),
        *(("archive", code) for code in (errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EFBIG, errno.EIO)),
    ],
)
def test_a_disk_that_is_full_from_any_moment_on_is_named_and_nothing_half_written_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: str, code: int
) -> None:
    """In one line with what to do; once there is room the same call does what it would have done."""
    disk = Full(monkeypatch, code)
    for moment in range(100):
        folder, disk.left, refused = tmp_path / f"{moment}", moment, False
        try:
            WORK[work](folder)
        except Unwritable as error:
            refused = True
            (line,) = str(error).splitlines()
            assert line.startswith(str(folder))
            assert ("the disk is full" in line) == (code in (errno.ENOSPC, errno.EDQUOT))
            assert "XDG_CACHE_HOME for the cache" in line
            assert [path for path in folder.rglob("*.part") if not _is_of_use(path)] == []
            disk.left = 10**9
            WORK[work](folder)
        if not refused and disk.left > 0:
            break
    disk.left = 10**9
    assert moment > 2
    # whenever it was full, it ends with the same files, notes of what was read apart
    names = {
        tuple(sorted(str(path.relative_to(each)) for path in each.rglob("*") if path.suffix != cache.CHECKED))
        for each in tmp_path.iterdir()
    }
    assert len(names) == 1


def in_a_process(work: Callable[[], None]) -> int | None:
    """Do something in a process of its own and return how that ended: a signal is negative."""
    process = FORK.Process(target=work)
    process.start()
    process.join(30)
    return process.exitcode


@pytest.mark.parametrize("work", WORK)
def test_a_file_that_may_not_grow_is_named(tmp_path: Path, work: str) -> None:
    """By the limit that a shell or a queue sets: `ulimit -f`."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2, 2))
        with pytest.raises(Unwritable, match=r"can't be written \(File too large\)"):
            WORK[work](tmp_path)

    assert in_a_process(limited) == 0
    assert not [path for path in tmp_path.rglob("*.part") if path.is_file()]


@contextlib.contextmanager
def small_disk(place: Path, size: str, options: str = "") -> Iterator[None]:
    """Mount a disk of a size in memory; the test is skipped where that may not be done."""
    place.mkdir()
    if os.getuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a small disk is mounted by root alone")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}{options}", "none", place], check=False)
    if mounted.returncode != 0:
        pytest.skip("no disk can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize("taken", [0, 500])
def test_a_mapped_array_that_a_full_disk_has_no_room_for_kills_nobody(tmp_path: Path, taken: int) -> None:
    """It is refused when it is made, and its room is free again."""

    def large() -> None:
        with pytest.raises(Unwritable, match=r"disk/features: the disk is full .*`bench cache rm` help"):
            cache.folder(tmp_path / "disk", "features", "key", "label", lambda folder: _much(folder, 2_000))

    with small_disk(tmp_path / "disk", "1m"):
        (tmp_path / "disk" / "others").write_bytes(bytes(taken * 1024))
        assert in_a_process(large) == 0
        assert [path for path in (tmp_path / "disk").rglob("*") if path.is_dir()] == [tmp_path / "disk" / "features"]
        # what fits is made and kept
        cache.folder(tmp_path / "disk", "features", "key", "label", lambda folder: _much(folder, 100))


def _much(folder: Path, kib: int) -> dict[str, Any]:
    rows = np.ones((4, kib * 256), np.uint8)
    fill(folder, Work(4, 2, lambda: lambda first, end: rows[first:end], 1, "here", lambda _: None))
    return {}


def test_a_disk_without_room_for_one_more_file_lets_an_entry_be_removed(tmp_path: Path) -> None:
    """Not even the lock's file can be made there."""
    from bench.machine.housekeeping import entries, remove

    with small_disk(tmp_path / "disk", "1m", ",nr_inodes=8"):
        cache.folder(tmp_path / "disk", "decoded", "key", "label", lambda folder: {})
        for lock in (tmp_path / "disk" / "decoded").glob(".*.lock"):
            lock.unlink()
        with contextlib.suppress(OSError):
            for number in range(9):
                (tmp_path / "disk" / str(number)).touch()
        (entry,) = entries(tmp_path / "disk")
        remove(tmp_path / "disk", entry)
        assert entries(tmp_path / "disk") == []


def test_a_disk_that_may_only_be_read_is_named(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m"):
        (tmp_path / "disk" / "file").write_text("old")
        subprocess.run(["mount", "-o", "remount,ro", tmp_path / "disk"], check=True)
        for way in ("write", "append", "open", "array", "lock"):
            with pytest.raises(Unwritable, match=r"disk: can't be written \(Read-only file system\)"):
                WAYS[way](tmp_path / "disk" / "file", tmp_path / "disk")
        with pytest.raises(Unwritable, match=r"disk: can't be written|can't be removed"):
            remove(tmp_path / "disk" / "file")


def _rewrite(path: Path) -> None:
    for number in range(10**6):
        write_atomically(path, f"{number % 10}" * 100_000)


def test_a_process_killed_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, "0" * 100_000)
    for number in range(8):
        process = FORK.Process(target=_rewrite, args=(path,))
        process.start()
        time.sleep(0.01 + 0.004 * number)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        text = path.read_text()
        assert text == text[0] * 100_000
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == [path]


def test_of_two_at_once_one_is_whole(tmp_path: Path) -> None:
    """Nobody finds a mixture, and nothing is left over."""
    path = tmp_path / "file"
    write_atomically(path, "0" * 100_000)
    processes = [FORK.Process(target=_rewrite, args=(path,)) for _ in range(2)]
    for process in processes:
        process.start()
    for _ in range(50):
        text = path.read_text()
        assert text == text[0] * 100_000
        sweep(tmp_path)
    for process in processes:
        process.kill()
        process.join()
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == [path]


def test_what_lies_at_a_path_is_called_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("file")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "socket"))
    found = {name: kind(tmp_path / name) for name in ("file", "pipe", "link", "socket", "none", "file/below")}
    assert found == {
        "file": "a file",
        "pipe": "a pipe",
        "link": "a link",
        "socket": "a socket",
        "none": None,
        "file/below": None,
    }
    assert kind(Path("/dev/null")) == "a device"
    assert kind(tmp_path) == "a folder"


def test_a_temporary_folder_that_can_not_be_made_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(Unwritable, match=r"nowhere: can't be written .*TMPDIR"), writing.temporary_folder():
        pass


def test_a_temporary_folder_is_gone_afterwards() -> None:
    with writing.temporary_folder() as folder:
        (folder / "file").touch()
    assert not folder.exists()


def test_a_snapshot_sees_what_is_changed(tmp_path: Path) -> None:
    """The tests here rest on it."""
    (tmp_path / "file").write_text("old")
    before = snapshot(tmp_path)
    (tmp_path / "file").write_text("new")
    assert snapshot(tmp_path) != before
