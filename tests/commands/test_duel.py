"""`bench duel`: what it asks for, what it prints, and what it ends with. No process is started."""

from typing import Any

import pytest

from bench.commands import duel
from bench.errors import Exit
from bench.gate.duel.asking import Wanted
from bench.gate.duel.bisection import Culprit
from bench.gate.duel.measured import Duel, Finding
from tests.material.command_line import Command

SAME = Finding("probe_fit", "work", "flop", "same", 100.0, 100.0, 0.0)
WORSE = Finding("probe_fit", "work", "flop", "worse", 100.0, 110.0, 0.1)
FOUND = Duel("throughput", "main (0123456)", "here", {"threads": 1}, "a machine", [SAME], {})
CULPRIT = Culprit(("0a", "1b", "2c"), (("probe_fit", "flop"), ("data_path", "operators")), 4)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was asked for; the answer is known beforehand."""
    wanted: list[Any] = []

    def run_duel(request: Wanted, tell: Any) -> Duel:
        wanted.append(request)
        tell("base main")
        return FOUND

    def find_culprit(request: Wanted, bad: str, tell: Any) -> Culprit:
        wanted.extend((request, bad))
        return CULPRIT

    monkeypatch.setattr(duel, "run_duel", run_duel)
    monkeypatch.setattr(duel, "find_culprit", find_culprit)
    return wanted


def test_the_words_of_the_command_become_what_is_wanted(bench: Command, asked: list[Any]) -> None:
    """What is going on is told on stderr, line by line."""
    said = bench("duel", "--base", "main", "--only", "probe_fit", "--only", "accuracy", "--accept", "flop")
    assert asked == [Wanted("throughput", "main", None, ("probe_fit", "accuracy"), ("flop",))]
    assert (said.code, said.err) == (0, "duel: base main\n")


@pytest.mark.parametrize(("found", "code"), [([SAME], Exit.OK), ([SAME, WORSE], Exit.GATE_FAILED), ([], Exit(4))])
@pytest.mark.parametrize("shown", [(), ("--format", "github"), ("--json",)], ids=str)
def test_the_exit_code_is_that_of_the_findings(
    bench: Command, monkeypatch: pytest.MonkeyPatch, found: list[Finding], code: Exit, shown: tuple[str, ...]
) -> None:
    """In every format."""
    monkeypatch.setattr(duel, "run_duel", lambda request, tell: Duel("s", "a", "b", {}, "a machine", found, {}))
    said = bench("duel", "--base", "main", *shown)
    assert said.code == code
    if shown == ("--json",):
        assert (said.json["exit_code"], len(said.json["findings"])) == (code, len(found))


def test_a_bisection_names_the_first_bad_commit_and_those_it_may_be_as_well(bench: Command, asked: list[Any]) -> None:
    """Finding one is no failure."""
    said = bench("duel", "--bisect", "good", "bad")
    assert asked == [Wanted("throughput", "good", None), "bad"]
    assert (said.code, said.out) == (
        0,
        "2c is the first where flop of probe_fit, operators of data_path became worse (4 commits compared)\n"
        "or one of these, which can't be compared: 0a, 1b\n",
    )
    assert bench("duel", "--bisect", "good", "bad", "--json").json["commits"] == ["0a", "1b", "2c"]


@pytest.mark.parametrize("arguments", [[], ["--base", "main", "--bisect", "good", "bad"]], ids=["neither", "both"])
def test_it_is_held_against_one_version_or_searches_a_range(
    bench: Command, asked: list[Any], arguments: list[str]
) -> None:
    """One of the two; else nothing is started."""
    said = bench("duel", *arguments)
    assert (said.code, asked) == (2, [])
    assert "duel: name what to hold it against with --base REF|PATH, or a range with --bisect GOOD BAD" in said.err
