"""Files that outlive a run: where they lie, how they are written, locked and hashed."""

import contextlib
import fcntl
import functools
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from bench.schema import content_hash

MANIFEST = "manifest.json"
UNFINISHED = ".part"
POLL_S = 0.05
"""Seconds between two attempts to take a lock, for a process that has something to do meanwhile."""


def default_root() -> Path:
    """Return the cache folder that the XDG convention names."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "transferbench"


def write_atomically(path: Path, contents: str | bytes) -> None:
    """Replace a file so that a reader sees the old one or the new one, whole. Text is written as UTF-8."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(contents.encode() if isinstance(contents, str) else contents)
            stream.flush()
            # on the disk before the rename is: else a power cut could leave the new name without its contents
            os.fsync(stream.fileno())
        os.chmod(name, 0o644)  # a temporary file is for its owner alone
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def locked(path: Path, meanwhile: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold an exclusive lock on the file `path` (made where missing) while the block runs.

    While another process holds it, `meanwhile` is called again and again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        while meanwhile is not None and not _taken(stream):
            meanwhile()
            time.sleep(POLL_S)
        fcntl.flock(stream, fcntl.LOCK_EX)  # does nothing where the loop has taken it
        yield


def _taken(stream: IO[str]) -> bool:
    """Try to take the lock, without waiting, and say whether that worked."""
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def folder_path(root: Path, kind: str, key: Any) -> Path:
    """Return the path of the cached folder for `key`, whether it is there or not."""
    return root / kind / content_hash(key)[:32]


def folder(
    root: Path,
    kind: str,
    key: Any,
    label: str,
    make: Callable[[Path], dict[str, Any]],
    join: Callable[[Path], None] | None = None,
) -> Path:
    """Return the cached folder for `key`, made by `make` where it isn't there yet or is damaged.

    `make` fills an unfinished folder and returns what its manifest shall say beside the key and the files. It may find
    there what a killed one left, and go on from it. Of several processes that want the same key one makes it and the
    others wait; while they do, `join` is called with the unfinished folder, again and again. `label` says in words
    what the folder holds.
    """
    # the manifest is written last and the rename comes after it: no reader takes what a killed maker left
    target = folder_path(root, kind, key)
    scratch = target.with_name(f".{target.name}{UNFINISHED}")
    if is_whole(target):
        return _used(target)
    with locked(root / kind / f".{target.name}.lock", functools.partial(join, scratch) if join else None):
        if is_whole(target):  # made by another while this one waited
            return _used(target)
        shutil.rmtree(target, ignore_errors=True)  # damaged
        scratch.mkdir(parents=True, exist_ok=True)
        if not is_whole(scratch):  # whole where a maker was killed just before the rename
            (scratch / MANIFEST).unlink(missing_ok=True)
            made = make(scratch)
            # hidden files are notes, and what a killed writer left of a file that was to be renamed
            files = {path.name: _seal(path) for path in scratch.iterdir() if not path.name.startswith(".")}
            contents = {"key": key, "label": label, "files": files, **made}
            write_atomically(scratch / MANIFEST, json.dumps(contents, indent=1, sort_keys=True))
        scratch.rename(target)
    return target


def _seal(path: Path) -> list[Any]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, file_sha256(path)]


def is_whole(path: Path) -> bool:
    """Say whether a cached folder is there and has every file that its manifest names, unchanged.

    Size and time of a file are compared; where the time differs (touched, restored, tampered with), its SHA-256.
    """
    try:
        return all(_is_as(path / name, *sealed) for name, sealed in manifest(path)["files"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _is_as(path: Path, size: int, mtime_ns: int, sha256: str) -> bool:
    stat = path.stat()
    if stat.st_size != size:
        return False
    if stat.st_mtime_ns == mtime_ns:
        return True
    same = file_sha256(path) == sha256
    if same:
        with contextlib.suppress(OSError):  # another user's file: its contents are compared again next time
            os.utime(path, ns=(stat.st_atime_ns, mtime_ns))
    return same


def _used(path: Path) -> Path:
    """Note that a folder was wanted just now: those that were not for longest are the first to be removed."""
    with contextlib.suppress(OSError):
        os.utime(path / MANIFEST)
    return path


def manifest(path: Path) -> dict[str, Any]:
    """Return the manifest of a cached folder."""
    contents: dict[str, Any] = json.loads((path / MANIFEST).read_text())
    return contents


@functools.cache  # size and time are arguments so that another version of the file is read anew
def _sha256(path: str, size: int, mtime_ns: int) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's contents; a process reads each version of a file only once."""
    stat = path.stat()
    return _sha256(str(path.resolve()), stat.st_size, stat.st_mtime_ns)


def _remembered(path: Path) -> dict[str, list[Any]]:
    try:
        known = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def files_sha256(root: Path, files: list[Path], memo: Path) -> str:
    """Return one SHA-256 over the contents of many files and their names relative to `root`.

    The digest of each file is kept in the folder `memo`; contents are read again only where size or time changed.
    """
    known_path = memo / "digests" / f"{content_hash(str(root.resolve()))[:32]}.json"
    known = _remembered(known_path)
    fresh = {}
    for path in sorted(files):
        stat = path.stat()
        name = path.relative_to(root).as_posix()
        seen = known.get(name, [None, None, None])
        same = seen[:2] == [stat.st_size, stat.st_mtime_ns]
        fresh[name] = [stat.st_size, stat.st_mtime_ns, seen[2] if same else file_sha256(path)]
    if fresh != known:
        write_atomically(known_path, json.dumps(fresh))
    return content_hash({name: digest for name, (_, _, digest) in fresh.items()})
