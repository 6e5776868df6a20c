"""The process of a side runs that side's package, and tells what a version lacks from what it broke."""

import os
import sys
from pathlib import Path

import pytest

from bench.gate.duel.pair import TURNS, Broken, Pair, start
from bench.gate.duel.worker import lacks
from tests.material.duels import CONDITIONS, PACKAGE, copy, process, side

WORKLOAD = '''"""A workload."""

from bench.gate.workloads.conditions import Conditions


def prepare(asked: Conditions = Conditions()):
    import os

    import bench.errors

    {line}
    return lambda: None
'''


@pytest.fixture
def workloads(tmp_path: Path) -> Path:
    """Workloads of our own, each with its fault."""
    folder = tmp_path / "workloads"
    folder.mkdir()
    (folder / "__init__.py").write_text('"""Workloads."""\n')
    (folder / "conditions.py").write_text((PACKAGE / "workloads" / "conditions.py").read_text())
    for name, line in {
        "whole": "",
        "newer": "from bench.learning.training import NotYet",
        "gone": "bench.errors.not_there()",
        "other": "bench.errors.BenchError(message='keyword argument')",
        "wrong": "raise ValueError('a mistake')",
        "dead": "os._exit(3)",
    }.items():
        (folder / f"{name}.py").write_text(WORKLOAD.format(line=line))
    return folder


def target(name: str) -> str:
    """Return where a workload is imported from."""
    return f"bench.gate.workloads.{name}:prepare"


@pytest.mark.slow
def test_a_pair_parts_what_can_be_compared_from_what_can_not(tmp_path: Path, workloads: Path) -> None:
    """By name; a process that ends is told with its last word, and so is a package that is not the side's own."""
    root = copy(tmp_path / "side")
    sides = [side(root, Path(sys.executable)), side(root, Path(sys.executable), "candidate")]
    base, candidate = (start(each, CONDITIONS, workloads, tmp_path) for each in sides)
    both = Pair(base, candidate)
    try:
        facts, others = both.ask_both("facts")
        assert facts == others
        assert (facts["threads"], facts["device"]) == (1, "cpu")
        names = ("whole", "newer", "gone", "other", "wrong")
        assert both.prepare({name: target(name) for name in names}) == ["whole"]
        assert {name: why.split("(")[1].split(":")[0] for name, why in both.lacking.items()} == {
            "newer": "ImportError",
            "gone": "AttributeError",
            "other": "TypeError",
            "wrong": "ValueError",
        }
        assert len(list(both.turns("whole", 3, swapped=False))) == len(TURNS)
        assert all(peak > 10 for peak in both.peaks("whole"))
        if hasattr(os, "sched_getaffinity"):
            cores = sorted(os.sched_getaffinity(0))
            both.hold(len(cores) + 1)
            held = [os.sched_getaffinity(process.popen.pid) for process in both.both]
            assert held == [{cores[1 % len(cores)]}] * 2
        with pytest.raises(Broken, match=r"base .* its process ended: exit code 3"):
            base.ask("prepare", name="dead", target=target("dead"))
    finally:
        base.stop()
        candidate.stop()
    assert base.popen.poll() is not None


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
