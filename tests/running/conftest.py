"""A machine of six cores, on which nothing needs a process."""

from pathlib import Path

import pytest

from bench.machine import devices
from bench.registry import Entry, Registry
from bench.running import settling
from tests.material.plans import CORES


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an empty cache; six cores and no GPU; what needs a process runs in this one."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(devices, "cores", lambda: CORES)
    monkeypatch.setattr(devices, "resolve", lambda device: "cpu" if device == "auto" else device)
    inline = Registry(
        "executors", [("process", Entry("bench.running.executors.inline:InlineExecutor", "this process"))]
    )
    monkeypatch.setattr(settling, "EXECUTORS", inline)
    return tmp_path
