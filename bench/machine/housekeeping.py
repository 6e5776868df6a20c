"""What lies in the cache, and how it is kept from growing without end."""

import contextlib
import fnmatch
import os
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError, Unwritable
from bench.machine import writing
from bench.machine.cache import MANIFEST, locked, manifest
from bench.machine.reading import quoted_text
from bench.machine.shared_arrays import untouched
from bench.machine.writing import UNFINISHED

KINDS = ("decoded", "features", "weights", "trials", "duplicates")
LIMIT_VARIABLE = "BENCH_CACHE_LIMIT"
DEFAULT_LIMIT = "20GiB"
LABEL = 1000
"""Characters of a label that are shown."""
IN_USE_S = 3600.0
"""Seconds since the last use within which an entry may be in use still: `trim` leaves it alone."""
_UNITS = {"": 1, "b": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40, "kb": 1e3, "mb": 1e6, "gb": 1e9}


@dataclass(frozen=True)
class Entry:
    """One cached folder, finished or left unfinished by a killed process."""

    path: Path
    kind: str
    name: str
    """The beginning of its key's hash."""
    label: str
    """What it holds, in words."""
    size: int
    """Bytes on disk."""
    used_at: float
    """Seconds since 1970."""


def entries(root: Path) -> list[Entry]:
    """Return what is cached, least recently used first."""
    listed = [_entry(path, kind) for kind in KINDS for path in _folders(root / kind)]
    found = [entry for entry in listed if entry is not None]
    return sorted(found, key=lambda entry: (entry.used_at, entry.name))


def _folders(parent: Path) -> list[Path]:
    # what a link in the cache leads to is no part of it
    return [path for path in parent.iterdir() if path.is_dir()] if writing.kind(parent) == "a folder" else []


def detours(root: Path) -> list[Path]:
    """Return the kinds whose folder is none of the cache's own: a link, or a file in its place."""
    return [root / kind for kind in KINDS if writing.kind(root / kind) not in (None, "a folder")]


def _entry(path: Path, kind: str) -> Entry | None:
    """Return a folder as an entry; null where another process has just moved or removed it."""
    try:
        return _look(path, kind)
    except FileNotFoundError:
        return None


def _look(path: Path, kind: str) -> Entry:
    stats = _stats(path.iterdir())
    size = sum(stat.st_size for stat in stats)
    name = path.name.removeprefix(".").removesuffix(UNFINISHED)[:12]
    try:
        label = quoted_text(manifest(path)["label"], LABEL)
        used_at = (path / MANIFEST).stat().st_mtime
    except (OSError, ValueError, KeyError, TypeError):
        label = "unfinished: goes on where it stopped"
        used_at = max([path.stat().st_mtime, *(stat.st_mtime for stat in stats)])
    return Entry(path, kind, name, label, size, used_at)


def _stats(files: Iterable[Path]) -> list[os.stat_result]:
    """Return the status of each file, but for those that have gone since the folder was listed."""
    found = []
    for file in files:
        with contextlib.suppress(FileNotFoundError):
            found.append(file.lstat())
    return found


def matching(found: Sequence[Entry], patterns: Sequence[str]) -> list[Entry]:
    """Return the entries that a pattern fits: their kind, the beginning of their name, or their label as a glob.

    Raises `BenchError` for a pattern that fits none.
    """
    chosen: dict[Path, Entry] = {}
    for pattern in patterns:
        fitting = [entry for entry in found if _fits(entry, pattern)]
        if not fitting:
            raise BenchError(f"cache {pattern}: no entry fits; `bench cache ls` lists them")
        chosen |= {entry.path: entry for entry in fitting}
    return list(chosen.values())


def _fits(entry: Entry, pattern: str) -> bool:
    named = bool(pattern) and entry.name.startswith(pattern)
    return entry.kind == pattern or named or fnmatch.fnmatchcase(entry.label, pattern)


def remove(root: Path, entry: Entry) -> None:
    """Remove an entry, of one that is a link the link alone; raise `Unwritable` where it can't be removed."""
    lock = root / entry.kind / f".{entry.path.name.strip('.').removesuffix(UNFINISHED)}.lock"
    # under both locks, so that nobody makes it or computes for it; whoever has it mapped keeps the mapping
    with _held(lock, root), untouched(entry.path):
        writing.remove(entry.path, root)


def _held(lock: Path, root: Path) -> contextlib.AbstractContextManager[None]:
    """Return the lock of an entry; none where nobody holds it, and a full disk has no room for its file."""
    try:
        writing.opened(lock, root).close()
    except Unwritable:
        if writing.kind(lock) is not None:
            raise
        return contextlib.nullcontext()
    return locked(lock, within=root)


def limit_bytes() -> int:
    """Return the size in bytes that the cache is kept under: `BENCH_CACHE_LIMIT`, or 20 GiB where that is not set."""
    return to_bytes(LIMIT_VARIABLE, os.environ.get(LIMIT_VARIABLE, DEFAULT_LIMIT))


def to_bytes(name: str, text: str) -> int:
    """Return the bytes of a size such as `20GiB`. Raises `BenchError`, which calls the size by `name`."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text.lower())
    if not found or found[2] not in _UNITS:
        raise BenchError(f"{name}={text}: write a size, as in 20GiB or 500MB")
    return int(float(found[1]) * _UNITS[found[2]])


def trim(root: Path, limit: int) -> list[Entry]:
    """Remove the entries that were not used for longest until the rest fits the limit; return those that went.

    What killed processes left of single files goes too.
    """
    for folder in (root / "digests", *(root / kind for kind in KINDS)):
        writing.sweep(folder)
    found = entries(root)
    total = sum(entry.size for entry in found)
    gone = []
    for entry in found:
        if total <= limit or time.time() - entry.used_at < IN_USE_S:
            break
        with contextlib.suppress(Unwritable):
            remove(root, entry)
            total -= entry.size
            gone.append(entry)
    return gone


def readable(size: float) -> str:
    """`512 B`, `3.4 MiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
