"""The first bad commit is found, in as few duels as can be, around those that can't be compared."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.duel.bisection import Answer, search, verdict
from bench.duel.measured import Duel, Finding


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
