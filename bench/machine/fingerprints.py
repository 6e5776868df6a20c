"""Hashes of many files, which are read again only where they may have changed."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.errors import InvalidData
from bench.machine.digests import Stamp, read_sha256
from bench.machine.reading import GIB, Unfit, read_json
from bench.machine.writing import write_atomically
from bench.schema import content_hash

SHA256_DIGITS = 64
NOTE = 4 * GIB
"""Bytes of what is kept at most: ten million files have some two GiB."""


def file_digests(root: Path, files: Sequence[Path], memo: Path) -> list[str]:
    """Return the SHA-256 of the contents of each file; raise `InvalidData` where one can't be read.

    What was read is kept in the folder `memo`, one file for each `root`. Size, times and inode only decide whether a
    file is read again; no digest depends on them, so that equal contents are equal on any machine.
    """
    path = memo / "digests" / f"{content_hash(str(root.resolve()))[:32]}.json"
    known = _remembered(path)
    # by the names as they are written: a relative name would cost far more than the look at the file
    names = [_name(str(root), os.fspath(file)) for file in files]
    fresh: dict[str, list[Any]] = {}
    found = [_digest(file, name, known, fresh) for name, file in zip(names, files, strict=True)]
    # what is there but was not asked for now is of another part of the same folder, which will be
    asked = set(names)
    fresh |= {name: entry for name, entry in known.items() if name not in asked and (root / name).is_file()}
    if fresh != known:
        write_atomically(path, json.dumps(fresh), memo)
    return found


def files_sha256(root: Path, files: Sequence[Path], memo: Path) -> str:
    """Return one SHA-256 over the contents of many files and their names relative to `root`, in whatever order.

    Raise `InvalidData` where there is none, or one can't be read.
    """
    if not files:
        raise InvalidData(f"{root}: no files to take a fingerprint of; give the folder that holds some")
    digests = file_digests(root, files, memo)
    return content_hash(
        {path.relative_to(root).as_posix(): digest for path, digest in zip(files, digests, strict=True)}
    )


def _name(root: str, file: str) -> str:
    return file[len(root) + 1 :] if file.startswith(f"{root}{os.sep}") else file


def _digest(file: Path, name: str, known: Mapping[str, list[Any]], fresh: dict[str, list[Any]]) -> str:
    """Return a file's digest, read only where the known one may be stale, and note it where it will hold."""
    try:
        stamp = Stamp.of(file)
        seen = known.get(name)
        if seen is not None and seen[:-1] == list(stamp):
            fresh[name] = seen
            return str(seen[-1])
        digest = read_sha256(file)
    except OSError as error:
        raise InvalidData(f"{file}: can't be read ({error.strerror}); repair or remove it") from error
    # A change within the same tick of the clock would leave the same stamp. The file is read once more next time.
    if stamp.is_settled():
        fresh[name] = [*stamp, digest]
    return digest


def _remembered(path: Path) -> dict[str, list[Any]]:
    """Return what an earlier call kept; nothing of what is damaged or of another version."""
    try:
        known = read_json(path, NOTE, halves=True)
    except Unfit:
        return {}
    return {name: entry for name, entry in known.items() if _is_entry(entry)} if isinstance(known, dict) else {}


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, list) or len(entry) != len(Stamp._fields) + 1:
        return False
    *stamp, digest = entry
    return all(type(each) is int for each in stamp) and isinstance(digest, str) and len(digest) == SHA256_DIGITS
