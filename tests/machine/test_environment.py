"""What is recorded of a machine: enough to tell two of them apart, and nothing secret."""

import json
import pickle
import subprocess
from pathlib import Path

import pytest
import torch

from bench.machine import environment
from bench.machine.devices import cores


def test_environment_is_json_with_versions_and_processor() -> None:
    """Those of the libraries that decide numbers."""
    found = environment.describe("cpu")
    assert json.loads(json.dumps(found)) == found
    assert torch.__version__.startswith(found["packages"]["torch"])
    assert all(found["packages"][name] for name in ("transferbench", "timm", "numpy", "scikit-learn"))
    assert found["cores"] >= 1
    assert found["memory_gib"] > 0
    assert found["processor"]
    assert (found["device"], found["gpu"]) == ("cpu", None)
    assert found["torch_build"] == torch.__version__


def test_environment_can_be_read_without_importing_torch() -> None:
    """It is sent to a process that has not imported it: torch's own type of text would."""
    assert b"torch.torch_version" not in pickle.dumps(environment.describe("cpu"))


def test_machine_is_what_decides_how_fast_it_is() -> None:
    """Processor and cores; the same words each time, as caches are compared by them."""
    said = environment.machine("cpu")
    assert said == environment.machine("cpu") == f"{environment.processor_name()}, {cores()} cores"


def test_only_listed_variables_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token never gets into a record."""
    monkeypatch.setenv("HF_TOKEN", "very-secret")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    found = environment.describe("cpu")
    assert found["variables"]["HF_HUB_OFFLINE"] == "1"
    assert "very-secret" not in json.dumps(found)


def test_commit_is_the_checkouts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Marked where files were changed, null outside a checkout."""
    package = tmp_path / "bench" / "machine"
    package.mkdir(parents=True)
    monkeypatch.setattr(environment, "__file__", str(package / "environment.py"))
    assert environment.commit() is None

    def git(*command: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", str(tmp_path), *identity, *command], check=True, capture_output=True)

    (tmp_path / "file").write_text("one")
    git("init")
    git("add", "file")
    git("commit", "-m", "one")
    clean = environment.commit()
    assert clean is not None
    assert len(clean) == 40
    (tmp_path / "file").write_text("two")
    assert environment.commit() == f"{clean} dirty"


def test_missing_package_has_no_version() -> None:
    """In place of an error."""
    assert environment._version("no-such-package-anywhere") is None
