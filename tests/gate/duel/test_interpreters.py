"""A side runs in this Python where that fits it, and else in one made for it, once."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.errors import BenchError
from bench.gate.duel import interpreters
from bench.gate.duel.interpreters import installed_here, interpreter, misfits, needed, pins

HERE = {"torch": "2.12.0", "click": "8.1.7", "pytest": "8.3.0"}
PROJECT = '[project]\nname = "transferbench"\ndependencies = ["torch>=2.11", "Click>=8.1"]\n'
FITTING = "torch==2.12.0\nclick==8.1.7  # why\n"


def side(folder: Path, constraints: str = FITTING, project: str = PROJECT) -> Path:
    """Write what a side fixes."""
    (folder / "constraints.txt").write_text(constraints)
    (folder / "pyproject.toml").write_text(project)
    return folder


def test_pins_are_read_as_pip_reads_them() -> None:
    """Comments, markers, and the spelling of names do not matter."""
    text = "# all of them\nTorch==2.12.0\nnvidia_ml.py == 12.5 ; sys_platform == 'linux'\n\nclick==8.1.7  # why\n"
    assert pins(text) == {"torch": {"2.12.0"}, "nvidia-ml-py": {"12.5"}, "click": {"8.1.7"}}
    assert needed(PROJECT) == ["torch>=2.11", "Click>=8.1"]


@pytest.mark.parametrize(
    ("constraints", "expected"),
    [
        (FITTING, []),
        (FITTING + "scipy==1.0\n", []),
        (FITTING + "torch==2.13.0 ; python_full_version >= '3.15'\n", []),
        (FITTING + "pytest==8.4.0\n", ["pytest 8.4.0 (here 8.3.0)"]),
        (FITTING.replace("2.12.0", "2.11.0"), ["torch 2.11.0 (here 2.12.0)"]),
    ],
)
def test_what_is_fixed_otherwise_is_named(tmp_path: Path, constraints: str, expected: list[str]) -> None:
    """What is neither here nor needed does not matter."""
    assert misfits(side(tmp_path, constraints), HERE.get) == expected


def test_what_is_needed_and_not_here_is_named(tmp_path: Path) -> None:
    """Whether its version is fixed or not."""
    project = PROJECT.replace('"torch>=2.11"', '"torch>=2.11", "jax>=0.4", "flax"')
    found = misfits(side(tmp_path, FITTING + "jax==0.4\n", project), HERE.get)
    assert found == ["jax 0.4 (here not installed)", "flax (here not installed)"]


def test_a_side_that_fixes_nothing_runs_here(tmp_path: Path) -> None:
    assert misfits(tmp_path, HERE.get) == []
    assert interpreter(tmp_path, lambda line: None) == Path(sys.executable)


def test_versions_are_those_of_this_interpreter() -> None:
    assert installed_here("pytest") == pytest.__version__
    assert installed_here("no-such-package") is None


def test_an_environment_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever fixes the same gets the same; what a killed process left is made again."""
    made: list[Path] = []

    def make(folder: Path, constraints: Path, dependencies: list[str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        made.append(folder)

    monkeypatch.setattr(interpreters, "_make", make)
    root = side(tmp_path, FITTING.replace("2.12.0", "2.11.0"))
    said: list[str] = []
    first = interpreter(root, said.append, tmp_path / "cache")
    assert interpreter(root, said.append, tmp_path / "cache") == first
    assert len(made) == 1
    assert "torch 2.11.0" in said[0]
    (made[0] / interpreters.READY).unlink()
    interpreter(root, said.append, tmp_path / "cache")
    assert len(made) == 2


def test_an_environment_that_can_not_be_made_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the installer's last word."""

    def fail(command: list[str], **_: Any) -> "subprocess.CompletedProcess[str]":
        return subprocess.CompletedProcess(command, 1, "", "resolving\nno network\n")

    monkeypatch.setattr(interpreters.subprocess, "run", fail)
    root = side(tmp_path, FITTING.replace("2.12.0", "2.11.0"))
    with pytest.raises(BenchError, match="no network"):
        interpreter(root, lambda line: None, tmp_path / "cache")
