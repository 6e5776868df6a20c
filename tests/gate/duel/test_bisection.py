"""The first bad commit is found, in as few duels as can be, around those that can't be compared."""

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import BenchError, Exit
from bench.gate.duel import bisection
from bench.gate.duel.asking import Wanted
from bench.gate.duel.bisection import Answer, NothingWorse, find_culprit, search, verdict
from bench.gate.duel.measured import Duel, Finding
from bench.gate.duel.worktrees import git


@given(st.integers(1, 200), st.data())
def test_the_first_bad_commit_is_found(count: int, data: st.DataObject) -> None:
    """In about log2 of them."""
    first = data.draw(st.integers(0, count - 1))
    commits = [f"commit{number}" for number in range(count)]
    found, judged = search(commits, lambda commit: "bad" if commits.index(commit) >= first else "good")
    assert found == (commits[first],)
    assert judged <= math.ceil(math.log2(count)) + 1


@given(st.integers(1, 60), st.data())
def test_what_can_not_be_judged_is_gone_around(count: int, data: st.DataObject) -> None:
    """The first bad one is always among the answer, whose others are all such."""
    first = data.draw(st.integers(0, count - 1))
    skipped = data.draw(st.sets(st.integers(0, count - 1))) - {count - 1}
    commits = [f"commit{number}" for number in range(count)]

    def judge(commit: str) -> Answer:
        place = commits.index(commit)
        return "skip" if place in skipped else "bad" if place >= first else "good"

    found, _ = search(commits, judge)
    assert commits[first] in found
    assert {commits.index(commit) for commit in found[:-1]} <= skipped


def a_duel(word: str) -> Duel:
    """Return a duel with one finding."""
    finding = Finding("probe_fit", "work", "flop", word, 1, 2, 1.0)  # type: ignore[arg-type]
    return Duel("throughput", "a", "b", {}, "a machine", [finding], {})


@pytest.mark.parametrize(
    ("word", "answer"),
    [("worse", "bad"), ("same", "good"), ("better", "good"), ("accepted", "good"), ("unknown", "skip")],
)
def test_what_a_duel_says_of_a_commit(word: str, answer: str) -> None:
    assert verdict(a_duel(word), [("probe_fit", "flop")]) == answer


def test_a_workload_that_could_not_be_compared_says_nothing() -> None:
    assert verdict(a_duel("same"), [("data_path", "flop")]) == "skip"
    assert verdict(a_duel("worse"), [("data_path", "flop"), ("probe_fit", "flop")]) == "bad"


@pytest.fixture
def commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Seven commits of a checkout that we stand in, oldest first."""
    git(tmp_path, "init", "-q")
    made = []
    for number in range(7):
        (tmp_path / "number").write_text(str(number))
        git(tmp_path, "add", "-A")
        git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "-m", str(number))
        made.append(git(tmp_path, "rev-parse", "HEAD").decode().strip())
    monkeypatch.chdir(tmp_path)
    return made


def scripted(commits: list[str], first: int, asked: list[Wanted], **broken: int) -> Any:
    """Return duels in which all from some commit on are worse, and one can't be compared."""

    def run_duel(wanted: Wanted, tell: Any) -> Duel:
        asked.append(wanted)
        assert wanted.candidate is not None
        place = commits.index(wanted.candidate)
        if place == broken.get("broken"):
            raise BenchError("its process ended")
        return a_duel("worse" if place >= first else "same")

    return run_duel


def test_a_culprit_is_found_by_counters_alone(commits: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """After one whole duel; all are held against the same good commit, by the workloads of this very package."""
    asked: list[Wanted] = []
    monkeypatch.setattr(bisection, "run_duel", scripted(commits, 4, asked))
    found = find_culprit(Wanted("throughput", commits[0], None), commits[6], lambda line: None)
    assert found.commits == (commits[4],)
    assert found.quantities == (("probe_fit", "flop"),)
    assert found.asked == len(asked) - 1 <= 3
    assert [wanted.timed for wanted in asked] == [True, *[False] * found.asked]
    assert {(wanted.base, wanted.own_workloads) for wanted in asked} == {(commits[0], True)}
    assert {wanted.only for wanted in asked[1:]} == {("probe_fit",)}


def test_a_commit_that_ends_its_process_is_gone_around(commits: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be the culprit as well, where it stands right before the first bad one."""
    asked: list[Wanted] = []
    monkeypatch.setattr(bisection, "run_duel", scripted(commits, 4, asked, broken=3))
    found = find_culprit(Wanted("throughput", commits[0], None), commits[6], lambda line: None)
    assert found.commits == (commits[3], commits[4])


def test_nothing_worse_is_nothing_to_look_for(commits: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bisection, "run_duel", scripted(commits, 99, []))
    with pytest.raises(NothingWorse, match="nothing to look for") as raised:
        find_culprit(Wanted("throughput", commits[0], None), commits[6], lambda line: None)
    assert raised.value.exit_code == Exit.NOTHING_COMPARED


def test_commits_in_the_wrong_order_are_refused(commits: list[str]) -> None:
    with pytest.raises(BenchError, match="name the older first"):
        find_culprit(Wanted("throughput", commits[6], None), commits[0], lambda line: None)
