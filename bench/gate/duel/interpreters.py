"""Which Python each side runs in: this one where its packages fit the side's constraints, else one made for them."""

import functools
import importlib.metadata
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from bench.errors import BenchError
from bench.machine import writing
from bench.machine.cache import default_root, locked
from bench.schema import content_hash

READY = ".ready"
"""A file that is written last: an environment without it was left by a killed process."""


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
    """Name the packages that a side wants and that are not here, or here in another version."""
    constraints, pyproject = root / "constraints.txt", root / "pyproject.toml"
    if not constraints.is_file() or not pyproject.is_file():
        return []
    wanted = {_normal(_name(each)) for each in needed(pyproject.read_text())}
    fixed = pins(constraints.read_text())
    free = sorted(name for name in wanted - fixed.keys() if installed(name) is None)
    return _other_versions(fixed, wanted, installed) + [f"{name} (here not installed)" for name in free]


def _other_versions(
    fixed: Mapping[str, set[str]], wanted: Collection[str], installed: Callable[[str], str | None]
) -> list[str]:
    """Name what is fixed otherwise than it is installed here."""
    here = {name: installed(name) for name in sorted(fixed)}
    # constraints name the packages of extras too: one that is neither here nor needed makes no difference
    return [
        f"{name} {' or '.join(sorted(fixed[name]))} (here {version or 'not installed'})"
        for name, version in here.items()
        if version not in fixed[name] and (version is not None or name in wanted)
    ]


def installed_here(name: str) -> str | None:
    """Return the version of a package that this interpreter imports; null where it has none."""
    try:
        # constraints do not say of which build a version is: 2.12.0+cpu is 2.12.0
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
    within = cache or default_root()
    folder = within / "environments" / key
    # two duels may want the same environment at once
    with locked(folder.with_name(f".{key}.lock"), within=within):
        if not (folder / READY).is_file():
            writing.remove(folder, within)
            _make(folder, root / "constraints.txt", dependencies)
            writing.write_atomically(folder / READY, "", within)
    return folder / "bin" / "python"


def _make(folder: Path, constraints: Path, dependencies: list[str]) -> None:
    for command in _commands(folder, ["-c", str(constraints), *dependencies]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
            raise BenchError(f"environment for {constraints}: can't be made ({said}); install it by hand or go online")


def _commands(folder: Path, wanted: list[str]) -> tuple[list[str], list[str]]:
    """Return what makes an environment and what installs into it: uv where it is there, else venv and pip."""
    uv = shutil.which("uv")
    python = str(folder / "bin" / "python")
    if uv:
        create = [uv, "venv", "--quiet", "--python", sys.executable, str(folder)]
        return create, [uv, "pip", "install", "--quiet", "--python", python, *wanted]
    # -P: else `-m` would import from the working folder first
    return [sys.executable, "-P", "-m", "venv", str(folder)], [python, "-P", "-m", "pip", "install", "--quiet", *wanted]


def _name(requirement: str) -> str:
    return functools.reduce(lambda text, mark: text.partition(mark)[0], "<>=!~;[ ", requirement)


def _normal(name: str) -> str:
    return name.strip().lower().replace("_", "-").replace(".", "-")
