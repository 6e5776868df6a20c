"""Folders that came from others, in which anything may lie in the place of a file or a folder."""

import contextlib
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

OBSTACLES = (
    "link to a file",
    "link to a folder",
    "link to nothing",
    "link to itself",
    "other name of a file",
    "pipe",
    "folder",
    "full folder",
    "file",
)
"""What may lie in the place of a file or a folder."""
_FIRST = ("link to a file", "link to a folder", "pipe")
OFTEN = tuple(each if each in _FIRST else pytest.param(each, marks=pytest.mark.slow) for each in OBSTACLES)
"""The same; those that rarely come are tried where there is time."""


@contextlib.contextmanager
def in_time(seconds: int = 300) -> Iterator[None]:
    """End a block that waits for somebody, who never comes."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"waited for {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes | str | None]]:
    """Return kind, time of change and contents of all that lies in a folder."""
    found = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        status = path.lstat()
        contents = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(folder))] = (status.st_mode, status.st_mtime_ns, contents)
    return found


class Foreign:
    """A folder that was given, and what is not to be touched beside it."""

    def __init__(self, place: Path, contents: Path | None = None) -> None:
        self.given, self.elsewhere = place / "given", place / "elsewhere"
        if contents is None:
            self.given.mkdir(parents=True)
        else:
            shutil.copytree(contents, self.given, symlinks=True)
        (self.elsewhere / "folder" / "deep").mkdir(parents=True)
        for name in ("file", "folder/file", "folder/manifest.json", "folder/deep/file", "folder/.note"):
            (self.elsewhere / name).write_text("precious")

    def put(self, obstacle: str, path: Path) -> None:
        """Put an obstacle in the place of what lies at a path."""
        held = path.read_bytes() if path.is_file() else None
        if path.is_dir() and not path.is_symlink():
            if obstacle == "link to a folder":  # one that holds what the real one holds
                shutil.copytree(path, self.elsewhere / "folder", dirs_exist_ok=True, symlinks=True)
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        if held is not None:
            (self.elsewhere / "file").write_bytes(held)
        self._lay(obstacle, path)

    def _lay(self, obstacle: str, path: Path) -> None:
        if obstacle == "pipe":
            os.mkfifo(path)
        elif obstacle == "other name of a file":
            os.link(self.elsewhere / "file", path)
        elif obstacle == "file":
            path.write_text("stray")
        elif "folder" in obstacle and "link" not in obstacle:
            path.mkdir()
            if obstacle == "full folder":
                (path / "file").write_text("stray")
        else:
            ends = {"link to a file": "file", "link to a folder": "folder", "link to nothing": "nothing/there"}
            path.symlink_to(self.elsewhere / ends[obstacle] if obstacle in ends else path.name)

    @contextlib.contextmanager
    def unharmed(self) -> Iterator[None]:
        """Fail where the block changes anything outside the folder that was given."""
        before = snapshot(self.elsewhere)
        yield
        assert snapshot(self.elsewhere) == before
