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
"""Between two looks at a lock by a process that has something to do meanwhile."""


def default_root() -> Path:
    """Return the cache folder that the XDG convention names."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "transferbench"


def write_atomically(path: Path, contents: str | bytes) -> None:
    """Write beside, flush to disk, rename: a reader sees the old file or the new one. Text is written as UTF-8."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(contents.encode() if isinstance(contents, str) else contents)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def locked(path: Path, meanwhile: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold an exclusive lock on `path` (made where missing) while the block runs.

    While another process has it, `meanwhile` is called again and again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        while meanwhile is not None and not _free(stream):
            meanwhile()
            time.sleep(POLL_S)
        fcntl.flock(stream, fcntl.LOCK_EX)  # of one that is held already: nothing happens
        yield


def _free(stream: IO[str]) -> bool:
    """Take the lock where nobody has it, and say so."""
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def folder_path(root: Path, kind: str, key: Any) -> Path:
    """Return where the cached folder for `key` lies, whether it is there or not."""
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

    `make` fills a folder that is renamed into place once the manifest it returns is written, so a killed maker
    leaves nothing that a reader would take; the next one is given what it left, and may go on from there. Two
    processes that want the same key wait for one another; `join`, where given, is what those that wait do with the
    unfinished folder, again and again. `label` says in words what it is.
    """
    target = folder_path(root, kind, key)
    scratch = target.with_name(f".{target.name}{UNFINISHED}")
    if is_whole(target):
        return _used(target)
    with locked(root / kind / f".{target.name}.lock", functools.partial(join, scratch) if join else None):
        if is_whole(target):
            return _used(target)
        shutil.rmtree(target, ignore_errors=True)  # damaged: made again
        scratch.mkdir(parents=True, exist_ok=True)
        if not is_whole(scratch):  # whole where a maker was killed just before the rename
            (scratch / MANIFEST).unlink(missing_ok=True)
            made = make(scratch)
            # hidden: what a killed writer left of a file that was to be renamed
            files = {path.name: _seal(path) for path in scratch.iterdir() if not path.name.startswith(".")}
            contents = {"key": key, "label": label, "files": files, **made}
            write_atomically(scratch / MANIFEST, json.dumps(contents, indent=1, sort_keys=True))
        scratch.rename(target)
    return target


def _seal(path: Path) -> list[Any]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, file_sha256(path)]


def is_whole(path: Path) -> bool:
    """Say whether a cached folder is there, with every file as its manifest has it.

    Size and time are compared, and where the time is another one (touched, restored, tampered with) the SHA-256.
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
        with contextlib.suppress(OSError):  # not ours to change: compared again next time
            os.utime(path, ns=(stat.st_atime_ns, mtime_ns))
    return same


def _used(path: Path) -> Path:
    """Note that a folder was wanted just now: what has not been for longest goes first."""
    with contextlib.suppress(OSError):
        os.utime(path / MANIFEST)
    return path


def manifest(path: Path) -> dict[str, Any]:
    """Return the manifest of a cached folder."""
    contents: dict[str, Any] = json.loads((path / MANIFEST).read_text())
    return contents


@functools.cache
def _sha256(path: str, size: int, mtime_ns: int) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's contents, computed once per process and version of the file."""
    stat = path.stat()
    return _sha256(str(path.resolve()), stat.st_size, stat.st_mtime_ns)


def _remembered(path: Path) -> dict[str, list[Any]]:
    try:
        known = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def files_sha256(root: Path, files: list[Path], memo: Path) -> str:
    """Return one SHA-256 over the relative names and contents of many files.

    Contents are read only where a file's size or time differs from what the memo folder remembers.
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
