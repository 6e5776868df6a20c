"""A duel, from the words of the command to its answer, with processes that only say what they would have measured."""

import contextlib
import dataclasses
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.errors import Exit, NotComparable
from bench.gate.duel import driver
from bench.gate.duel.accuracy import NotRun
from bench.gate.duel.clock import Block
from bench.gate.duel.driver import Request, duel
from bench.gate.duel.measured import Duel, Side
from bench.gate.duel.verdict import exit_code
from bench.reports.checks import duel as report
from bench.suites.suite import suite_path
from bench.suites.workload_suite import read_workload_suite
from tests.material.command_line import Command
from tests.material.duels import copy, side, totals

SUITE = read_workload_suite(suite_path("throughput"))
SIDES = [side(Path("/a"), Path(sys.executable)), side(Path("/b"), Path(sys.executable), "candidate")]
FACTS = {"device": "cpu", "precision": "fp32, ieee", "threads": 1, "torch": "2.12", "python": "3.12"}


@dataclasses.dataclass
class Scripted:
    """Two processes that do nothing: the candidate's figures are the base's with some changes."""

    facts: Sequence[Mapping[str, Any]] = (FACTS, FACTS)
    counts: Mapping[str, float] = dataclasses.field(default_factory=dict)
    slower: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """What each restart adds to a workload's time; a list of numbers: in its turn."""
    larger: float = 0.0
    asleep_s: float = 0.0
    lacking: dict[str, str] = dataclasses.field(default_factory=dict)
    broken: dict[str, str] = dataclasses.field(default_factory=dict)
    spread: float = 0.01
    restarts: int = 0
    timed: list[str] = dataclasses.field(default_factory=list)
    swaps: list[bool] = dataclasses.field(default_factory=list)
    held: list[int] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        self.generator = np.random.default_rng(0)

    @contextlib.contextmanager
    def pair(self, sides: Any, asked: Any, workloads: Any, scratch: Any, swapped: bool = False) -> Iterator["Scripted"]:
        self.restarts += 1
        self.swaps.append(swapped)
        self.bias = float(self.generator.normal(0, self.spread))
        yield self

    def ask_both(self, do: str, **arguments: Any) -> Any:
        if do == "facts":
            return [dict(facts) for facts in self.facts]
        changed = [totals(), totals(**self.counts)]
        return [
            {"totals": each, "operators": {}, "calls": {}, "torch": facts["torch"]}
            for each, facts in zip(changed, self.facts, strict=True)
        ]

    def prepare(self, targets: Mapping[str, str]) -> list[str]:
        return [name for name in targets if name not in {*self.lacking, *self.broken}]

    def units(self, name: str) -> int:
        return 5

    def turns(self, name: str, units: int, swapped: bool) -> list[tuple[Block, Block]]:
        self.timed.append(name)
        cost = 0.05 * (1 + self.slower.get(name, 0.0)) * np.exp(self.bias)
        return [
            (
                Block([0.05, 0.07], 0.0, 0),
                Block([cost, 3 * cost], self.asleep_s, int(self.asleep_s > 0)),
            )
        ]

    def hold(self, turn: int) -> None:
        self.held.append(turn)

    def peaks(self, name: str) -> tuple[float, float]:
        return 500.0, 500.0 * (1 + self.larger)


def asked(*names: str, timed: bool = True) -> Request:
    """Ask for some workloads."""
    return Request(SUITE, names or SUITE.workloads, None, Path("/c"), timed=timed)


def fought(monkeypatch: pytest.MonkeyPatch, scripted: Scripted, wanted: Request | None = None) -> Duel:
    """Return what comes of a duel between scripted processes."""
    monkeypatch.setattr(driver, "pair", scripted.pair)
    return duel(wanted or asked(), SIDES, lambda line: None)


def words(found: Duel) -> dict[tuple[str, str], str]:
    """Return what is said of each quantity that is not the same."""
    return {(each.workload, each.quantity): each.word for each in found.findings if each.word != "same"}


def test_equals_are_the_same_after_six_restarts(monkeypatch: pytest.MonkeyPatch) -> None:
    """All workloads share each restart, the sides start in turns, and one restart is only counted in."""
    scripted = Scripted()
    found = fought(monkeypatch, scripted)
    assert words(found) == {}
    assert exit_code(found) == Exit.OK
    assert scripted.restarts == 1 + 6
    assert scripted.swaps == [False, *[False, True] * 3]
    assert scripted.held == [0, 0, 1, 1, 2, 2]
    assert scripted.timed == [*SUITE.workloads] * 6
    assert {len(ratios) for ratios in found.ratios.values()} == {6}


def test_ten_per_cent_more_time_is_worse_once_it_came_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restarts of the second set are of that workload alone."""
    scripted = Scripted(slower={"probe_fit": 0.1})
    found = fought(monkeypatch, scripted)
    assert words(found) == {("probe_fit", "cpu_time"): "worse"}
    assert exit_code(found) == Exit.GATE_FAILED
    assert scripted.timed == [*SUITE.workloads] * 6 + ["probe_fit"] * 6


def test_less_time_is_better(monkeypatch: pytest.MonkeyPatch) -> None:
    found = fought(monkeypatch, Scripted(slower={"data_path": -0.2}))
    assert words(found) == {("data_path", "cpu_time"): "better"}
    assert exit_code(found) == Exit.OK


def test_what_does_not_come_back_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six bad restarts and then none: nobody is blamed, and nobody is let through."""
    scripted = Scripted(slower={"probe_fit": 0.1})
    turns = scripted.turns

    def until_then(name: str, units: int, swapped: bool) -> list[tuple[Block, Block]]:
        if scripted.restarts > 7:
            scripted.slower = {}
        return turns(name, units, swapped)

    monkeypatch.setattr(scripted, "turns", until_then)
    found = fought(monkeypatch, scripted)
    assert words(found) == {("probe_fit", "cpu_time"): "unknown"}
    assert exit_code(found) == Exit.NOTHING_COMPARED


def test_a_sleep_is_worse_though_the_time_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    found = fought(monkeypatch, Scripted(asleep_s=0.005), asked("finetune_step"))
    expected = {"asleep_s": "worse", "voluntary_switches": "worse"}
    assert words(found) == {("finetune_step", name): word for name, word in expected.items()}


def test_more_memory_is_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    found = fought(monkeypatch, Scripted(larger=0.1), asked("probe_fit"))
    assert words(found) == {("probe_fit", "peak_memory"): "worse"}


def test_more_work_is_worse_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """And needs no restart."""
    scripted = Scripted(counts={"flop": 1001.0, "host_synchronisations": 999.0})
    found = fought(monkeypatch, scripted, asked("probe_fit", timed=False))
    assert words(found) == {
        ("probe_fit", "flop"): "worse",
        ("probe_fit", "host_synchronisations"): "better",
    }
    assert scripted.restarts == 1


def test_a_base_that_lacks_a_workload_is_named_and_the_rest_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    found = fought(monkeypatch, Scripted(lacking={"probe_fit": "the base can't do it (ImportError: no solvers)"}))
    assert list(found.not_comparable) == ["probe_fit"]
    assert {each.workload for each in found.findings} == {*SUITE.workloads} - {"probe_fit"}
    assert exit_code(found) == Exit.OK


def test_a_candidate_that_broke_a_workload_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = fought(monkeypatch, Scripted(broken={"probe_fit": "ValueError: no"}))
    assert exit_code(found) == Exit.GATE_FAILED
    assert "probe_fit: the candidate can't do it: ValueError: no" in report.console(found, exit_code(found))


@pytest.mark.parametrize("key", ["device", "precision", "threads"])
def test_sides_that_work_under_other_conditions_are_refused(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """Whatever they were asked for."""
    scripted = Scripted(facts=(FACTS, {**FACTS, key: "other"}))
    with pytest.raises(NotComparable, match=f"{key}: {FACTS[key]} against other") as raised:
        fought(monkeypatch, scripted)
    assert raised.value.exit_code == Exit.NOT_COMPARABLE


def test_counters_of_two_versions_of_torch_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time is, and it is said."""
    scripted = Scripted(facts=(FACTS, {**FACTS, "torch": "2.13"}), counts={"flop": 2000.0})
    found = fought(monkeypatch, scripted, asked("probe_fit"))
    assert words(found) == {}
    assert found.notes == ("torch: 2.12 against 2.13", "counters are not compared between versions of torch")


ACCURACIES = {f"cell {number}": 0.8 + number / 100 for number in range(6)}


@pytest.mark.parametrize(("loss", "word"), [(0.0, None), (0.03, "worse"), (-0.03, "better")])
def test_accuracies_are_compared_beside(monkeypatch: pytest.MonkeyPatch, loss: float, word: str | None) -> None:
    candidate = {cell: value - loss for cell, value in ACCURACIES.items()}
    monkeypatch.setattr(driver, "accuracies", lambda sides, suite, scratch: [ACCURACIES, candidate])
    wanted = dataclasses.replace(asked("probe_fit", timed=False), accuracy=Path("cells.yaml"))
    found = fought(monkeypatch, Scripted(), wanted)
    assert words(found) == ({("accuracy", "accuracy"): word} if word else {})


@pytest.mark.parametrize(("failing", "code"), [(0, Exit.OK), (1, Exit.GATE_FAILED)])
def test_cells_that_one_side_can_not_run_are_told_by_side(
    monkeypatch: pytest.MonkeyPatch, failing: int, code: Exit
) -> None:
    """Of the base they are not compared, of the candidate they are a failure."""

    def fail(sides: Sequence[Side], suite: Path, scratch: Path) -> Any:
        raise NotRun(sides[failing], "no such method")

    monkeypatch.setattr(driver, "accuracies", fail)
    wanted = dataclasses.replace(asked("probe_fit", timed=False), accuracy=Path("cells.yaml"))
    found = fought(monkeypatch, Scripted(), wanted)
    assert list((found.not_comparable, found.broken)[failing]) == ["accuracy"]
    assert exit_code(found) == code


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["duel"], "--base REF|PATH"),
        (["duel", "--base", "a", "--bisect", "a", "b"], "--base REF|PATH"),
        (["duel", "--base", "."], "no git checkout"),
        (["duel", "--base", ".", "--candidate", "."], "holds no package bench"),
    ],
)
def test_what_can_not_be_meant_is_a_mistake_of_usage(bench: Command, arguments: list[str], said: str) -> None:
    answer = bench(*arguments)
    assert answer.code == Exit.USAGE
    assert said in answer.err


def test_the_command_ends_with_the_verdict(bench: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Console, Markdown and one JSON document say the same of two folders that are given."""
    scripted = Scripted(counts={"flop": 1001.0})
    monkeypatch.setattr(driver, "pair", scripted.pair)
    for name in ("one", "other"):
        copy(tmp_path / name)
    wanted = ["duel", "--base", tmp_path / "one", "--candidate", tmp_path / "other", "--only", "probe_fit"]
    console, github, document = bench(*wanted), bench(*wanted, "--format", "github"), bench(*wanted, "--json")
    assert console.code == github.code == document.code == Exit.GATE_FAILED
    assert "duel: restart 6" in console.err
    assert "| worse" in github.out
    assert github.out.startswith("### throughput: ")
    assert document.json["exit_code"] == 1
    flop = next(each for each in document.json["findings"] if each["quantity"] == "flop")
    assert (flop["word"], flop["base"], flop["candidate"]) == ("worse", 1000.0, 1001.0)
    assert bench(*wanted, "--accept", "flop").code == Exit.OK
