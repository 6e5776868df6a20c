"""Two processes take turns in an order that favours neither, and what one of them can't do is told by side."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bench.gate.duel.pair import FEWEST_UNITS, MOST_UNITS, TURNS, Broken, Pair, environment, start
from tests.material.duels import CONDITIONS, PACKAGE, copy, side

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
    (folder / "conditions.py").write_text((PACKAGE / "gate" / "workloads" / "conditions.py").read_text())
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


class Answering:
    """A process that notes what it is asked, and gives one answer to everything."""

    def __init__(self, name: str, asked: list[tuple[str, str]], **answer: Any) -> None:
        self.name, self.asked, self.answer = name, asked, answer

    def send(self, do: str, **arguments: Any) -> None:
        self.asked.append((self.name, do))

    def receive(self) -> Mapping[str, Any]:
        return self.answer

    def ask(self, do: str, **arguments: Any) -> Any:
        self.send(do, **arguments)
        return self.receive()


def answering(asked: list[tuple[str, str]], base: Mapping[str, Any], candidate: Mapping[str, Any]) -> Pair:
    """Return a pair of them."""
    both: tuple[Any, Any] = Answering("base", asked, **base), Answering("candidate", asked, **candidate)
    return Pair(*both)


def block(cost_s: float) -> dict[str, Any]:
    """Return a block as a process answers it."""
    return {"cost_s": [cost_s, 2 * cost_s], "asleep_s": 0.0, "switches": 0}


@pytest.mark.parametrize("swapped", [False, True])
def test_each_side_is_first_in_half_of_the_turns(swapped: bool) -> None:
    """And what comes back is base and candidate, whichever went first."""
    asked: list[tuple[str, str]] = []
    turns = list(answering(asked, block(1.0), block(2.0)).turns("whole", 3, swapped))
    assert {(base.cost_s[0], candidate.cost_s[0]) for base, candidate in turns} == {(1.0, 2.0)}
    first = [name for name, _ in asked[::2]]
    assert first[0] == ("candidate" if swapped else "base")
    assert first.count("base") == first.count("candidate") == len(TURNS) / 2


@pytest.mark.parametrize(
    ("base", "candidate", "units"),
    [(0.02, 0.01, 4), (0.01, 0.03, 3), (9.0, 0.01, FEWEST_UNITS), (0.0, 0.0, MOST_UNITS)],
)
def test_a_block_is_as_long_as_the_slower_side_needs(base: float, candidate: float, units: int) -> None:
    """About 0.08 s, by the least cost of a unit; never one unit, and never thousands."""
    assert answering([], block(base), block(candidate)).units("whole") == units


@pytest.mark.parametrize(
    ("base", "candidate", "lacking", "broken"),
    [
        ({}, {}, {}, {}),
        ({"lacks": "ImportError: no"}, {}, {"whole": "the base can't do it (ImportError: no)"}, {}),
        ({"broke": "ValueError: no"}, {"broke": "too"}, {"whole": "the base can't do it (ValueError: no)"}, {}),
        ({}, {"lacks": "ImportError: no"}, {}, {"whole": "ImportError: no"}),
        ({}, {"broke": "ValueError: no"}, {}, {"whole": "ValueError: no"}),
    ],
)
def test_what_the_candidate_alone_can_not_do_is_broken(
    base: dict[str, str], candidate: dict[str, str], lacking: dict[str, str], broken: dict[str, str]
) -> None:
    both = answering([], base, candidate)
    assert both.prepare({"whole": "module:prepare"}) == ([] if lacking or broken else ["whole"])
    assert (both.lacking, both.broken) == (lacking, broken)


def test_a_process_sees_its_own_package_first_and_a_cache_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else of its folder, and nothing of the working folder; threads are as many as are asked for."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", "/mine", os.getcwd()]))
    (tmp_path / "root" / "bench").mkdir(parents=True)
    seen = environment(side(tmp_path / "root", Path(sys.executable)), tmp_path, 2)
    first, *others = seen["PYTHONPATH"].split(os.pathsep)
    assert others == ["/mine"]
    assert [(path.name, path.resolve()) for path in Path(first).iterdir()] == [("bench", tmp_path / "root" / "bench")]
    assert (seen["OMP_NUM_THREADS"], seen["PYTHONHASHSEED"]) == ("2", "0")
    assert (
        seen["XDG_CACHE_HOME"]
        != environment(side(tmp_path, Path(sys.executable), "candidate"), tmp_path, 2)["XDG_CACHE_HOME"]
    )
