"""The process of a side runs that side's package, and tells what a version lacks from what it broke."""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.gate.duel.pair import Broken
from bench.gate.duel.worker import Side, lacks
from tests.material.duels import CONDITIONS, process, side


def test_a_package_from_elsewhere_is_refused(tmp_path: Path) -> None:
    """A folder without one would else run the installed package against itself."""
    (tmp_path / "empty").mkdir()
    with (
        pytest.raises(Broken, match=r"Stranger: .* was imported in place of"),
        process(side(tmp_path / "empty", Path(sys.executable)), tmp_path),
    ):
        pass


@pytest.mark.parametrize(
    ("error", "lacking"),
    [
        (ImportError("cannot import name"), True),
        (AttributeError("module has no attribute"), True),
        (TypeError("got an unexpected keyword argument 'source'"), True),
        (TypeError("unsupported operand"), False),
        (ValueError("a mistake"), False),
    ],
)
def test_what_is_not_there_is_told_from_what_is_wrong(error: Exception, lacking: bool) -> None:
    assert lacks(error) == lacking


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Side]:
    """A side in this very process, whose workloads lie in a folder of their own."""
    for name, line in {
        "newer": "from bench.errors import NotYet",
        "whole": "",
        "wrong": "raise ValueError('no')",
    }.items():
        text = f"{line}\n\n\ndef prepare(asked):\n    return lambda: asked.batch_size\n"
        (tmp_path / f"workload_{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield Side(tmp_path, dict(CONDITIONS))
    gc.unfreeze()


def test_a_workload_that_can_not_be_imported_keeps_from_no_other(own: Side) -> None:
    """What its module lacks at the top is told as what it lacks while it is made ready."""
    said = {name: own.prepare(name, f"workload_{name}:prepare") for name in ("newer", "wrong", "whole")}
    assert said["newer"]["lacks"].startswith("ImportError: cannot import name 'NotYet'")
    assert said["wrong"] == {"broke": "ValueError: no"}
    assert said["whole"] == {}
    assert list(own.units) == ["whole"]
    assert own.units["whole"]() == CONDITIONS["batch_size"]
