"""What all tests share. Folders are set before torch and the hub's client are imported."""

import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.catalog import PROFILES
from bench.cell import profiling
from bench.cli import main
from bench.contracts.data import Places
from bench.machine.devices import prepare_environment
from bench.registry import Registry
from tests.material.command_line import Answer, Command

_HOME = Path(tempfile.mkdtemp(prefix="bench-tests-"))
prepare_environment()
os.environ |= {
    "XDG_CACHE_HOME": str(_HOME / "cache"),
    "HF_HOME": str(_HOME / "hub"),
    "TORCH_HOME": str(_HOME / "torch"),
    "HF_HUB_OFFLINE": "1",
}


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Who asks for benchmarks only gets them, though pyproject.toml leaves them out of every other call."""
    if config.getoption("benchmark_only"):
        config.option.benchmark_enable = True


def pytest_sessionfinish() -> None:
    """Leave nothing behind."""
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def no_profiles() -> Iterator[None]:
    """Cells that run in this process are profiled only where a test asks for it: that takes seconds each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(profiling, "PROFILES", Registry("profiles", []))
        yield


@pytest.fixture
def profiles(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """All profiles, as a run takes them."""
    monkeypatch.setattr(profiling, "PROFILES", PROFILES)
    return PROFILES


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Places with a cache that the whole session shares: digits are decoded once."""
    return Places(None, None, tmp_path_factory.mktemp("shared_cache"))


@pytest.fixture
def cold_places(tmp_path: Path) -> Places:
    """Places with an empty cache."""
    return Places(None, None, tmp_path / "cold_cache")


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """The tiny suite's file."""
    from tests.material import tiny  # imports torch: the folders above are set by now

    return tiny.write_suite(tmp_path)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """The command, run in this process and in an empty folder."""
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["bench", *map(str, arguments)])
        capsys.readouterr()
        code: Any = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
        captured = capsys.readouterr()
        return Answer(int(code), captured.out, captured.err)

    return call
