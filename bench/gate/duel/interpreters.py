"""Which Python each side runs in: this one where it fits the side's constraints, else an environment made for them."""

import functools
import importlib.metadata
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

from bench.errors import BenchError
from bench.machine.cache import default_root, locked
from bench.schema import content_hash

READY = ".ready"
"""Written last: an environment without it was left by a killed process."""


def pins(constraints: str) -> dict[str, set[str]]:
    """Return the versions that a constraints file fixes, by the package's normal name.

    There are several where they hang on the Python or the system.
    """
    found: dict[str, set[str]] = {}
    for line in constraints.splitlines():
        name, equals, version = line.partition("#")[0].partition(";")[0].partition("==")
        if equals:
            found.setdefault(_normal(name), set()).add(version.strip())
    return found


def needed(pyproject: str) -> list[str]:
    """Return what a side's package needs, without its extras."""
    listed: list[str] = tomllib.loads(pyproject).get("project", {}).get("dependencies", [])
    return listed


def misfits(root: Path, installed: Callable[[str], str | None]) -> list[str]:
    """Name what a side fixes otherwise than it is installed here; a package that is not here counts if it is needed."""
    constraints, pyproject = root / "constraints.txt", root / "pyproject.toml"
    if not constraints.is_file() or not pyproject.is_file():
        return []
    wanted = {_normal(_name(each)) for each in needed(pyproject.read_text())}
    fixed = pins(constraints.read_text())
    found = [
        f"{name} {' or '.join(sorted(versions))} (here {here or 'not installed'})"
        for name, versions in sorted(fixed.items())
        if (here := installed(name)) not in versions and (here is not None or name in wanted)
    ]
    return found + sorted(f"{name} (here not installed)" for name in wanted - fixed.keys() if installed(name) is None)


def installed_here(name: str) -> str | None:
    """Return the version of a package that this interpreter imports."""
    try:
        return importlib.metadata.version(name).partition("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return None


def interpreter(root: Path, tell: Callable[[str], None], cache: Path | None = None) -> Path:
    """Return the Python of a side, made and kept by its constraints where this one does not fit them."""
    differs = misfits(root, installed_here)
    if not differs:
        return Path(sys.executable)
    tell(f"{root.name}: other versions are fixed there ({', '.join(differs[:3])}): it gets an environment of its own")
    given = (root / "constraints.txt").read_text()
    dependencies = needed((root / "pyproject.toml").read_text())
    key = content_hash([given, dependencies, sys.version])[:32]
    folder = (cache or default_root()) / "environments" / key
    with locked(folder.with_name(f".{key}.lock")):
        if not (folder / READY).is_file():
            _make(folder, root / "constraints.txt", dependencies)
            (folder / READY).write_text("")
    return folder / "bin" / "python"


def _make(folder: Path, constraints: Path, dependencies: list[str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    uv = shutil.which("uv")
    python = str(folder / "bin" / "python")
    if uv:
        create = [uv, "venv", "--quiet", "--python", sys.executable, str(folder)]
        install = [uv, "pip", "install", "--quiet", "--python", python, "-c", str(constraints), *dependencies]
    else:
        create = [sys.executable, "-m", "venv", str(folder)]
        install = [python, "-m", "pip", "install", "--quiet", "-c", str(constraints), *dependencies]
    for command in (create, install):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
            raise BenchError(f"environment for {constraints}: can't be made ({said}); install it by hand or go online")


def _name(requirement: str) -> str:
    return functools.reduce(lambda text, mark: text.partition(mark)[0], "<>=!~;[ ", requirement)


def _normal(name: str) -> str:
    return name.strip().lower().replace("_", "-").replace(".", "-")
