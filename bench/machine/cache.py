"""Files that outlive a run: where they lie, how they are written and locked."""

import contextlib
import fcntl
import functools
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from bench.errors import BenchError, Unwritable
from bench.machine import writing
from bench.machine.digests import Stamp, read_sha256
from bench.machine.reading import MIB, Unfit, read_json, regular
from bench.machine.shared_arrays import untouched
from bench.machine.writing import UNFINISHED, write_atomically
from bench.schema import content_hash

MANIFEST = "manifest.json"
KEY_DIGITS = 32
"""Of the hash of a folder's key, by which it is called."""
SEAL = "seal"
"""Of a manifest: the hash of all else that it says."""
CHECKED = ".checked"
"""Ending of the note beside a folder: which of its files were read, with the stamp that they bore, and by which run."""
CHECK_VARIABLE = "BENCH_CACHE_CHECK"
CHECKS = ("always", "changed")
"""Values of the variable: read what is kept once in each run, or only what looks changed since it was read."""
# drawn where this module is imported: the processes of a run are forked from one that has imported it, and share it
RUN = secrets.token_hex(8)
"""Tells this run from others."""
LARGEST = 256 * MIB
"""Bytes of a manifest and of a note at most."""
POLL_S = 0.05
"""Seconds between two attempts to take a lock, for a process that has something to do meanwhile."""


def default_root() -> Path:
    """Return the cache folder that the XDG convention names."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "transferbench"


@contextlib.contextmanager
def locked(path: Path, meanwhile: Callable[[], None] | None = None, within: Path | None = None) -> Iterator[None]:
    """Hold an exclusive lock on the file `path` (made where missing) while the block runs.

    While another process holds it, `meanwhile` is called again and again. No link below `within` is followed.
    """
    with writing.opened(path, within) as stream:
        while meanwhile is not None and not _taken(stream):
            meanwhile()
            time.sleep(POLL_S)
        fcntl.flock(stream, fcntl.LOCK_EX)  # does nothing where the loop has taken it
        yield


def _taken(stream: IO[bytes]) -> bool:
    """Try to take the lock, without waiting, and say whether that worked."""
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def folder_path(root: Path, kind: str, key: Any) -> Path:
    """Return the path of the cached folder for `key`, whether it is there or not."""
    return root / kind / content_hash(key)[:KEY_DIGITS]


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
    what the folder holds. Once in a run its files are read and held against the hashes in its manifest.
    """
    # the manifest is written last and the rename comes after it: no reader takes what a killed maker left
    target, every = folder_path(root, kind, key), reads_every_run()
    scratch = target.with_name(f".{target.name}{UNFINISHED}")
    if _unread(target, target, every) == {}:
        return _used(target)
    with _lock(target, functools.partial(join, scratch) if join else None):
        if _is_sound(target, target, every):  # read just now, here or by another while this one waited
            return _used(target)
        if target.exists():
            print(f"bench: cache: {label}: not as it was written; made again", file=sys.stderr, flush=True)
        writing.remove(target, root)  # damaged
        if writing.kind(scratch) != "a folder":  # no folder of its own lies there: nothing, or a link
            writing.remove(scratch, root)
        writing.make_folder(scratch, root)
        if not _is_sound(scratch, target, every):  # sound where a maker was killed just before the rename
            _fill(scratch, {"key": key, "label": label}, make)
        writing.rename(scratch, target, root)
    return target


def _lock(target: Path, meanwhile: Callable[[], None] | None) -> contextlib.AbstractContextManager[None]:
    """Return the lock of a folder; none where it lies in a cache that this user may read only."""
    if target.exists() and not os.access(target.parent, os.W_OK):
        return contextlib.nullcontext()
    return locked(target.with_name(f".{target.name}.lock"), meanwhile, root_of(target))


def root_of(path: Path) -> Path:
    """Return the cache that a folder lies in."""
    return path.parents[1]


def _fill(scratch: Path, about: dict[str, Any], make: Callable[[Path], dict[str, Any]]) -> None:
    """Have a folder filled, and write its manifest; where that fails only what can be gone on from stays."""
    for path in scratch.iterdir():
        if path.name == MANIFEST or writing.kind(path) != "a file":  # a link or a pipe is nothing that a maker left
            writing.remove(path)
    writing.sweep(scratch)
    try:
        _filled(scratch, about, make)
    except Exception:
        with contextlib.suppress(Unwritable), untouched(scratch):
            if not any(map(_can_be_gone_on_from, scratch.glob(".*"))):
                writing.remove(scratch)
        raise


def _can_be_gone_on_from(note: Path) -> bool:
    """Say whether a hidden file tells how far its folder was filled; it is empty while nothing is done."""
    return note.suffix != UNFINISHED and note.is_file() and note.stat().st_size > 0


def _filled(scratch: Path, about: dict[str, Any], make: Callable[[Path], dict[str, Any]]) -> None:
    made = make(scratch)
    # hidden files are notes, and what a killed writer left of a file that was to be renamed
    files = {path.name: _seal(path) for path in scratch.iterdir() if not path.name.startswith(".")}
    contents = json.loads(json.dumps({**about, "files": files, **made}))  # as it will be read
    sealed = {**contents, SEAL: content_hash(contents)}
    write_atomically(scratch / MANIFEST, json.dumps(sealed, indent=1, sort_keys=True))


def _seal(path: Path) -> list[Any]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, read_sha256(path)]


def reads_every_run() -> bool:
    """Say whether what is kept is read once in each run, rather than only where it looks changed.

    `BENCH_CACHE_CHECK` says so. Raises `BenchError` for another value.
    """
    asked = os.environ.get(CHECK_VARIABLE) or CHECKS[0]
    if asked not in CHECKS:
        raise BenchError(f"{CHECK_VARIABLE}={asked}: write {' or '.join(CHECKS)}")
    return asked == CHECKS[0]


def is_whole(path: Path) -> bool:
    """Say whether a cached folder is there and has every file that its manifest names, unchanged.

    Only those are read that look changed since they were read last.
    """
    return _is_sound(path, path, every=False)


def _is_sound(path: Path, place: Path, every: bool) -> bool:
    """Say whether a folder, which stands or will stand at `place`, is as it was written; read what has to be read."""
    unread = _unread(path, place, every)
    if not unread:
        return unread is not None
    try:
        # taken before the reading: what changes meanwhile bears another one afterwards
        stamps = {name: Stamp.of(path / name) for name in unread}
        settled = {name: [*stamp, RUN] for name, stamp in stamps.items() if stamp.is_settled()}
        if any(read_sha256(path / name) != sha256 for name, sha256 in unread.items()):
            return False
    except OSError:
        return False
    with contextlib.suppress(OSError, Unwritable):  # another user's cache, a full disk: it is read again next time
        write_atomically(_checked(place), json.dumps(_known(place) | settled), root_of(place))
    return True


def _unread(path: Path, place: Path, every: bool) -> dict[str, str] | None:
    """Return the files of a folder whose contents nobody has compared, with their SHA-256; null where it isn't whole.

    `every` counts what other runs have read as unread.
    """
    known = _known(place)
    try:
        kept = manifest(path)
        if kept.pop(SEAL, None) not in (None, content_hash(kept)):  # older ones have none
            return None
        if place.name != content_hash(kept["key"])[:KEY_DIGITS]:  # of another folder
            return None
        sealed = {name: (_stamp(path, name), size, sha256) for name, (size, _, sha256) in kept["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if any(stamp.size != size for stamp, size, _ in sealed.values()):
        return None
    return {name: sha256 for name, (stamp, _, sha256) in sealed.items() if not _is_read(known.get(name), stamp, every)}


def _stamp(folder: Path, name: str) -> Stamp:
    """Return the stamp of a regular file of a folder's own; raise `ValueError` for anything else, which is not read."""
    if "/" in name:
        raise Unfit(f"{name} lies elsewhere")
    regular(folder / name)
    return Stamp.of(folder / name)


def _is_read(seen: Any, stamp: Stamp, every: bool) -> bool:
    """Say whether a file was read when it bore this stamp; by this very run where every run is to read it."""
    return isinstance(seen, list) and seen[:-1] == list(stamp) and (not every or seen[-1] == RUN)


def _checked(place: Path) -> Path:
    return place.with_name(f".{place.name}{CHECKED}")


def _known(place: Path) -> dict[str, Any]:
    """Return what was read of a folder, and by which run; nothing of a note that is damaged."""
    try:
        known = read_json(_checked(place), LARGEST, halves=True)
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _used(path: Path) -> Path:
    """Note that a folder was wanted just now: those that were not for longest are the first to be removed."""
    writing.note_use(path / MANIFEST, root_of(path))
    return path


def manifest(path: Path) -> dict[str, Any]:
    """Return the manifest of a cached folder; raise `ValueError` where it has none."""
    contents = read_json(path / MANIFEST, LARGEST, halves=True)
    if not isinstance(contents, dict) or not isinstance(contents.get("label"), str):
        raise Unfit("no manifest of a cached folder")
    return contents
