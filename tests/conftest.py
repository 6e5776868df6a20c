"""Folders that tests share; set before torch and the hub's client are imported."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from bench.contracts import Places
from bench.devices import prepare_environment

_HOME = Path(tempfile.mkdtemp(prefix="bench-tests-"))
prepare_environment()
os.environ |= {
    "XDG_CACHE_HOME": str(_HOME / "cache"),
    "HF_HOME": str(_HOME / "hub"),
    "TORCH_HOME": str(_HOME / "torch"),
    "HF_HUB_OFFLINE": "1",
}


def pytest_sessionfinish() -> None:
    """Leave nothing behind."""
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Places with a cache that the whole session shares: digits are decoded once."""
    return Places(None, None, tmp_path_factory.mktemp("shared_cache"))


@pytest.fixture
def cold_places(tmp_path: Path) -> Places:
    """Places with an empty cache."""
    return Places(None, None, tmp_path / "cold_cache")
