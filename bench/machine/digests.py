"""Hashes of files' contents, and what tells that a file has to be read again."""

import functools
import hashlib
import os
import time
from pathlib import Path
from typing import NamedTuple

SETTLED_NS = 2 * 10**9
"""Age of a file's last change under which its stamp proves nothing: some file systems tick every two seconds."""


class Stamp(NamedTuple):
    """What differs, as far as a file system can tell, where a file's contents do."""

    size: int
    mtime_ns: int
    ctime_ns: int
    """Set by the system at each change of contents or name; unlike `mtime_ns` no program can set it back."""
    inode: int

    @staticmethod
    def of(path: str | Path) -> "Stamp":
        """Return the stamp of a file as it is now; links are followed."""
        stat = os.stat(path)
        return Stamp(stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)

    def is_settled(self) -> bool:
        """Say whether another change would have another stamp. A time of change in the future never is."""
        return time.time_ns() - self.ctime_ns > SETTLED_NS


def read_sha256(path: str | Path) -> str:
    """Read a file and return the SHA-256 (hex) of its contents."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@functools.cache  # the stamp is an argument so that another version of the file is read anew
def _sha256(path: str, stamp: Stamp) -> str:
    return read_sha256(path)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's contents; a process reads each settled version of a file only once."""
    stamp = Stamp.of(path)
    return _sha256(str(path.resolve()), stamp) if stamp.is_settled() else read_sha256(path)
