"""The one place that writes, makes folders and deletes: whole files or none, and never out of the folder one was given.

A run, a report or a cache may have come from others. What lies in it may be a link to any file of this machine, or a
pipe that nobody reads. `within` names the folder that was given; it, and what stands above it, may be links. Below it
nothing is written through one. Where it is left out it is the folder that the file lies in.
"""

import contextlib
import errno
import fcntl
import io
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from bench.errors import Unwritable

UNFINISHED = ".part"
"""Ending of what is being written."""
# the second is how earlier versions called theirs
_LEFT = re.compile(rf"(\..+\.[0-9a-f]{{8}}|tmp\w{{8}})\{UNFINISHED}")
_FULL = (errno.ENOSPC, errno.EDQUOT)
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFREG: "a file",
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_ELSEWHERE = "--out for runs and reports, XDG_CACHE_HOME for the cache, TMPDIR for what is temporary"
# neither a link nor a pipe that comes to lie there meanwhile is followed or waited for
_IN_PLACE = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_BLOCK = 2**20
"""Bytes that are written at a time where a disk can't set room apart."""


@contextlib.contextmanager
def told(folder: Path) -> Iterator[None]:
    """Raise `Unwritable` where the system refuses what the block writes to a folder."""
    try:
        yield
    except OSError as error:
        raise refusal(folder, error) from error


def refusal(folder: Path, error: OSError) -> Unwritable:
    """Return what to tell of a folder that could not be written."""
    said = error.strerror or error
    if folder.name.endswith(UNFINISHED):  # of the cache: it is gone by the time that somebody reads this
        folder = folder.parent
    if error.errno in _FULL:
        cure = "make room (`bench cache ls` and `bench cache rm` help) or choose another disk"
        return Unwritable(f"{folder}: the disk is full ({said}); {cure} ({_ELSEWHERE})")
    return Unwritable(f"{folder}: can't be written ({said}); mend that or choose another folder ({_ELSEWHERE})")


def kind(path: Path) -> str | None:
    """Return what lies at a path, in words, links not followed; null where nothing does."""
    try:
        return _KINDS.get(stat.S_IFMT(os.lstat(path).st_mode), "nothing known")
    except (FileNotFoundError, NotADirectoryError):
        return None


def check(path: Path, *wanted: str) -> None:
    """Raise `Unwritable` where something else lies at a path than what is wanted, as `kind` calls it."""
    with told(path.parent):
        found = kind(path)
    if found is not None and found not in wanted:
        raise Unwritable(f"{path}: is {found} where {wanted[0]} of its own is written; move it away and try again")


def _check_way(path: Path, within: Path) -> None:
    """Raise `Unwritable` where the way from a folder to a path below it leads through a link, or out of it."""
    if not path.is_relative_to(within) or ".." in (parts := path.relative_to(within).parts):
        raise Unwritable(f"{path}: leads out of {within}, where nothing is written; name a path inside")
    for depth in range(1, len(parts) + 1):
        check(within.joinpath(*parts[:depth]), "a folder")


def make_folder(path: Path, within: Path | None = None) -> Path:
    """Make a folder, and those above it, where they are missing; return it."""
    _check_way(path, within or path)
    with told(path):
        try:
            path.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            found = next(each for each in (path, *path.parents) if kind(each) is not None)
            said = f"can't be written ({found} is no folder); move that away or choose another folder"
            raise Unwritable(f"{path}: {said} ({_ELSEWHERE})") from error
    return path


class _Beside(io.FileIO):
    """A file that keeps why it could not be written: libraries that write to it may raise something else."""

    failed: OSError | None = None

    def write(self, contents: Any) -> int:
        """Write some bytes and return how many."""
        try:
            return super().write(contents)
        except OSError as error:
            self.failed = error
            raise


@contextlib.contextmanager
def stream(path: Path, within: Path | None = None) -> Iterator[IO[bytes]]:
    """Give a file to be filled, which takes the place of `path` once the block is done; it is gone where that fails.

    A reader sees the old file or the new one, whole. A link in its place is replaced, not followed.
    """
    folder = make_folder(path.parent, within)
    check(path, "a file", "a link", "a pipe", "a socket", "a device")  # whatever a name can be taken from
    beside = path.with_name(f".{path.name[:50]}.{secrets.token_hex(4)}{UNFINISHED}")
    with told(folder):
        file = _Beside(beside, "xb")
    try:
        _hold(file)
        buffered = io.BufferedWriter(file)
        yield buffered
        with told(folder):
            buffered.flush()
            # on the disk before the rename is: else a power cut could leave the new name without its contents
            os.fsync(file.fileno())
            os.replace(beside, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        if file.failed is not None:
            raise refusal(folder, file.failed) from error
        raise
    finally:
        file.close()


def write_atomically(path: Path, contents: str | bytes, within: Path | None = None) -> None:
    """Replace a file so that a reader sees the old one or the new one, whole. Text is written as UTF-8."""
    with stream(path, within) as file:
        file.write(contents.encode() if isinstance(contents, str) else contents)


def _hold(file: IO[bytes] | io.FileIO) -> bool:
    """Lock a file for as long as it is open, and say whether nobody else has it; true where a disk knows no locks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return not isinstance(error, BlockingIOError)
    return True


def sweep(folder: Path) -> None:
    """Remove what killed processes left half-written in a folder; what a living one writes is locked, and stays."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        left = [Path(each) for each in entries if _LEFT.fullmatch(each.name) and each.is_file(follow_symlinks=False)]
        for path in left:
            with path.open("rb") as file:
                if _hold(file):
                    path.unlink(missing_ok=True)


def opened(path: Path, within: Path | None = None) -> IO[bytes]:
    """Open a file in place, to be locked; it is made where it is missing. To be written it has to be `opened_alone`."""
    folder = make_folder(path.parent, within)
    check(path, "a file")
    with told(folder):
        return os.fdopen(os.open(path, _IN_PLACE | os.O_CREAT, 0o666), "rb+", buffering=0)


@contextlib.contextmanager
def opened_again(path: Path) -> Iterator[IO[bytes] | None]:
    """Give a file that `opened` has made, as it gives it; null where there is none, or something else lies there."""
    own = kind(path.parent) == "a folder" and kind(path) == "a file"
    try:
        file = os.fdopen(os.open(path, _IN_PLACE), "rb+", buffering=0) if own else None
    except OSError:  # it is gone by now, or another user's
        file = None
    with file or contextlib.nullcontext():
        yield file


def opened_alone(path: Path, within: Path | None = None) -> IO[bytes]:
    """Open a file for writing in place, which no other name stands for: one of several gets a copy of its own."""
    check(path, "a file")
    # `cp -al` keeps a run as it is by hard links, and what is added to it later must not get into the copy
    if kind(path) is not None and not is_own(path):
        with stream(path, within) as file, told(path.parent), path.open("rb") as old:
            shutil.copyfileobj(old, file)
    return opened(path, within)


def is_own(path: Path) -> bool:
    """Say whether a file lies at a path that has no other name: what is written to it is written there alone."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1


def write_all(file: IO[bytes], contents: bytes) -> None:
    """Write all of some bytes to an unbuffered file, however few go at once."""
    left = memoryview(contents)
    while left:
        left = left[os.write(file.fileno(), left) :]


def empty(file: IO[bytes]) -> None:
    """Take all that is in a file out of it."""
    file.truncate(0)


class Appending:
    """A file that only grows, by whole entries: of one that can't be written nothing stays."""

    def __init__(self, path: Path, within: Path | None = None) -> None:
        self.path = path
        self._file = opened_alone(path, within)

    def __enter__(self) -> "Appending":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def append(self, entry: bytes) -> int:
        """Put an entry on the disk and return where it begins."""
        with told(self.path.parent):
            start = self._file.seek(0, os.SEEK_END)
            try:
                write_all(self._file, entry)
                os.fsync(self._file.fileno())
            except OSError:
                with contextlib.suppress(OSError):
                    self._file.truncate(start)
                raise
        return start

    def cut(self, size: int) -> None:
        """Take away all that comes after so many bytes."""
        with told(self.path.parent):
            self._file.truncate(size)


def new_array(path: Path, dtype: npt.DTypeLike, shape: tuple[int, ...], within: Path | None = None) -> None:
    """Make the file of an array of zeros, with all of its room set apart on the disk."""
    # a process that writes to a mapped file with holes is killed (SIGBUS) where the disk has no room for one
    with stream(path, within) as file, told(path.parent):
        np.lib.format.open_memmap(file.name, mode="w+", dtype=dtype, shape=shape)
        size = os.fstat(file.fileno()).st_size
        if not _reserve(file.fileno(), size):
            file.seek(header := size - int(np.prod(shape)) * np.dtype(dtype).itemsize)
            for start in range(header, size, _BLOCK):
                file.write(bytes(min(_BLOCK, size - start)))


def mapped(path: Path) -> npt.NDArray[Any]:
    """Map the file of an array into memory, to be written in place, with all of its room set apart on the disk."""
    with told(path.parent):
        check(path, "a file")
        with path.open("rb+") as file:
            status = os.fstat(file.fileno())
            if status.st_blocks * 512 < status.st_size:
                _reserve(file.fileno(), status.st_size)
        array: npt.NDArray[Any] = np.lib.format.open_memmap(path, mode="r+")
    return array


def _reserve(descriptor: int, size: int) -> bool:
    """Set room apart for a whole file, and say whether this system and its disk can do that."""
    if not size or not hasattr(os, "posix_fallocate"):
        return not size
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise
        return False
    return True


def rename(path: Path, target: Path, within: Path) -> None:
    """Put a folder or a file in the place of another name, at which nothing or a file lies."""
    _check_way(path.parent, within)
    _check_way(target.parent, within)
    with told(target.parent):
        path.rename(target)


def remove(path: Path, within: Path | None = None) -> None:
    """Remove what lies at a path: a folder with all that is in it, of a link the link alone."""
    _check_way(path.parent, within or path.parent)
    with told(path.parent):
        if kind(path) == "a folder":
            shutil.rmtree(path, ignore_errors=True)  # which follows no links
        else:
            path.unlink(missing_ok=True)
    if kind(path) is not None:
        raise Unwritable(f"{path}: can't be removed; is the folder yours?")


def note_use(path: Path, within: Path) -> None:
    """Set the time of a folder's own file to now, where that may be done."""
    with contextlib.suppress(OSError, Unwritable):
        _check_way(path.parent, within)
        if is_own(path):
            os.utime(path, follow_symlinks=False)


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give an empty folder that is gone after the block."""
    with told(Path(tempfile.gettempdir())):
        folder = tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True)
    with folder as name:
        yield Path(name)
