"""A checkout of its own for each side, made beside the user's and removed afterwards; the user's stays as it is."""

import contextlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.machine.writing import temporary_folder

COPIED = ("bench", "suites", "constraints.txt", "pyproject.toml")
"""What is taken of a folder that no version control knows."""


def git(root: Path, *arguments: str, given: bytes | None = None) -> bytes:
    """Return what git prints; raise `BenchError` with what it complains of."""
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], input=given, capture_output=True, check=False)
    except OSError as error:
        raise BenchError(
            f"git: can't be run ({error.strerror}); install it, or give folders in place of refs"
        ) from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise BenchError(f"git {' '.join(arguments[:2])}: {said[-1] if said else 'failed'} (in {root})")
    return done.stdout


def repository(start: Path) -> Path:
    """Return the root of the checkout that a folder lies in."""
    try:
        return Path(git(start, "rev-parse", "--show-toplevel").decode().rstrip("\n"))
    except BenchError as error:
        raise BenchError(f"{start}: no git checkout ({error}); run this inside the harness's own") from error


def commit_of(root: Path, ref: str) -> str:
    """Return the commit that a ref stands for."""
    try:
        return git(root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").decode().strip()
    except BenchError:
        raise BenchError(f"{ref}: neither a commit of {root} nor a folder; `git log --oneline` lists commits") from None


@contextlib.contextmanager
def checkouts(root: Path, wanted: Sequence[str | None]) -> Iterator[list[tuple[Path, str]]]:
    """Give the root of each wanted version and its name in words; they are gone after the block, however it ends.

    A version is a commit; a folder, with what has been changed in it; or null: the checkout as it lies there, with what
    was changed and what is new, but not what git ignores.
    """
    folders = [Path(each).expanduser() for each in wanted if each is not None]
    repositories = {root, *(each for each in folders if (each / ".git").exists())}
    with _ended_in_order(), temporary_folder() as folder:
        try:
            made = []
            for position, version in enumerate(wanted):
                place = folder / f"side{position}"  # names of one length: paths are part of what is counted
                made.append((place, _check_out(root, version, place)))
            yield made
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            for each in repositories:
                with contextlib.suppress(BenchError):  # no checkout at all: both sides are folders
                    git(each, "worktree", "prune")


def _check_out(root: Path, version: str | None, place: Path) -> str:
    """Make one checkout and return its name in words."""
    named = _made(root, version, place)
    if not (place / "bench" / "__init__.py").is_file():
        raise BenchError(f"{version or root}: holds no package bench; name a version of the harness")
    return named


def _made(root: Path, version: str | None, place: Path) -> str:
    folder = root if version is None else Path(version).expanduser()
    if version is not None and not folder.is_dir():
        return _commit(root, version, place)
    if not (folder / ".git").exists():
        return _copy(folder, place)
    return _snapshot(folder, place, "" if version is None else f"{folder}: ")


def _commit(root: Path, version: str, place: Path) -> str:
    """Check a commit out."""
    commit = commit_of(root, version)
    git(root, "worktree", "add", "--detach", "--quiet", str(place), commit)
    return version if commit.startswith(version) else f"{version} ({commit[:12]})"


def _copy(source: Path, place: Path) -> str:
    """Copy what a side needs of a folder that no version control knows."""
    place.mkdir()
    for name in COPIED:
        if (source / name).is_dir():
            shutil.copytree(source / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (source / name).is_file():
            shutil.copy2(source / name, place / name)
    return str(source)


def _snapshot(source: Path, place: Path, prefix: str) -> str:
    """Check a checkout's commit out and carry over what has been changed there since."""
    head = git(source, "rev-parse", "HEAD").decode().strip()
    git(source, "worktree", "add", "--detach", "--quiet", str(place), head)
    # the user's own settings of git must not decide what a diff looks like
    changes = git(source, "diff", "--binary", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD")
    if changes:
        git(place, "apply", "--whitespace=nowarn", "-", given=changes)
    new = _not_followed(source)
    for name in new:
        if (source / name).is_file() or (source / name).is_symlink():  # no checkouts within the checkout
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, place / name, follow_symlinks=False)
    return f"{prefix}{head[:12]}" + (" with what is not committed" if changes or new else "")


def _not_followed(source: Path) -> list[str]:
    """Return the files of a checkout that git neither follows nor ignores."""
    listed = git(source, "ls-files", "--others", "--exclude-standard", "-z").decode(errors="surrogateescape")
    return [name for name in listed.split("\0") if name]


@contextlib.contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let a request to terminate unwind, so that what was made is removed."""

    def unwind(number: int, frame: Any) -> None:
        sys.exit(128 + number)

    try:
        before = signal.signal(signal.SIGTERM, unwind)
    except ValueError:  # not the main thread: whoever holds that decides
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
