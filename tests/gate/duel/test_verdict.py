"""What is said of two versions, and what the command ends with."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import Exit
from bench.gate.duel.measured import Counts, Duel, Finding, Waits
from bench.gate.duel.sequential import Decision, Effect
from bench.gate.duel.verdict import RULES, differing, exit_code, of_accuracy, of_counts, of_decision, of_waits

COUNTS = Counts(
    dict.fromkeys(RULES, 1_000_000.0), {"aten.add.Tensor": 3}, {"bench/learning/training.py:Loop._step": 5}, "2.12"
)


def grown(name: str, by: float, base: Counts = COUNTS) -> Counts:
    """Return counts of which one grew."""
    return dataclasses.replace(base, totals={**base.totals, name: base.totals[name] + by})


def words(findings: Sequence[Finding]) -> dict[str, str]:
    """Return what is said of each quantity that is not the same."""
    return {found.quantity: found.word for found in findings if found.word != "same"}


@pytest.mark.parametrize("name", RULES)
def test_growth_beyond_the_tolerance_is_worse_and_shrinking_better(name: str) -> None:
    """Exact counters have none."""
    rule = RULES[name]
    allowed = rule.share * 1_000_000 + rule.amount
    more, less = grown(name, allowed + 1), grown(name, -allowed - 1)
    assert words(of_counts("probe_fit", COUNTS, more, ())) == {name: "worse"}
    assert words(of_counts("probe_fit", COUNTS, less, ())) == {name: "better"}
    assert words(of_counts("probe_fit", COUNTS, grown(name, allowed), ())) == {}


@pytest.mark.parametrize(
    ("accepted", "word"),
    [("flop", "accepted"), ("probe_fit:flop", "accepted"), ("*", "accepted"), ("data_path:flop", "worse")],
)
def test_a_growth_that_is_meant_is_accepted_by_name(accepted: str, word: str) -> None:
    """Of one workload, or of all."""
    assert words(of_counts("probe_fit", COUNTS, grown("flop", 1), (accepted,))) == {"flop": word}


def test_what_grew_is_named() -> None:
    """Operators, or functions where it is Python's calls that grew."""
    after = dataclasses.replace(
        grown("operators", 2, grown("python_calls", 50_000)),
        operators={"aten.add.Tensor": 3, "aten.clone.default": 2},
        calls={"bench/learning/training.py:Loop._step": 9},
    )
    found = {each.quantity: each.detail for each in of_counts("finetune_step", COUNTS, after, ())}
    assert found["operators"] == ("aten.clone.default 0 -> 2",)
    assert found["python_calls"] == ("bench/learning/training.py:Loop._step 5 -> 9",)
    assert found["flop"] == ()


@pytest.mark.parametrize(
    ("base", "candidate", "expected"),
    [
        ((0.0, 0, 0.05), (0.0, 0, 0.05), {}),
        ((0.0, 0, 0.05), (0.005, 1, 0.05), {"asleep_s": "worse", "voluntary_switches": "worse"}),
        ((0.0, 0, 0.05), (0.0, 2, 0.05), {"voluntary_switches": "worse"}),
        ((0.005, 1, 0.05), (0.0, 0, 0.05), {"asleep_s": "better"}),
        ((0.0, 50, 0.05), (0.0, 150, 0.05), {}),
    ],
)
def test_waiting(base: tuple[float, int, float], candidate: tuple[float, int, float], expected: dict[str, str]) -> None:
    """A sleep is worse though it takes no processor time; threads that take turns do so by chance."""
    assert words(of_waits("finetune_step", Waits(*base), Waits(*candidate), ())) == expected


def test_a_decision_keeps_its_word_unless_it_is_accepted() -> None:
    worse = Decision("worse", Effect(6, 0.1, 0.08, 0.12, 0.0, 1.0))
    assert of_decision("probe_fit", "time", "cpu_time", worse, ()).word == "worse"
    assert of_decision("probe_fit", "time", "cpu_time", worse, ("cpu_time",)).word == "accepted"


def cells(shift: float, spread: float, seed: int = 0) -> dict[str, float]:
    """Return accuracies of twelve cells about 0.8."""
    noise = np.random.default_rng(seed).normal(0, spread, 12)
    return {f"cell {number}": 0.8 + shift + float(each) for number, each in enumerate(noise)}


@pytest.mark.parametrize(
    ("shift", "spread", "word"),
    [
        (0.0, 0.0, "same"),
        (-0.03, 0.0, "worse"),
        (0.03, 0.0, "better"),
        (-0.005, 0.0, "same"),
        (-0.03, 0.01, "worse"),
        (0.03, 0.01, "better"),
        (0.0, 0.01, "same"),
        (0.0, 0.1, "unknown"),
    ],
)
def test_accuracy_is_paired_by_cell(shift: float, spread: float, word: str) -> None:
    """Three points are seen through the noise of a point; without any spread what there is is certain."""
    base = cells(0.0, 0.05, seed=1)
    candidate = {cell: base[cell] + change - 0.8 for cell, change in cells(shift, spread).items()}
    found = of_accuracy(base, candidate)
    assert found.word == word
    assert found.samples == 12


def test_accuracies_without_a_cell_in_common_are_unknown() -> None:
    assert of_accuracy({"one": 0.5}, {"other": 0.5}).word == "unknown"
    assert of_accuracy({"one": 0.5}, {"one": 0.4}).word == "unknown"


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), min_size=2, max_size=9))
def test_equal_accuracies_are_the_same(accuracies: dict[str, float]) -> None:
    assert of_accuracy(accuracies, dict(accuracies)).word == "same"


def a_duel(*said: str, not_comparable: int = 0, broken: int = 0) -> Duel:
    """Return a duel of findings with some words."""
    findings = [Finding("probe_fit", "time", "cpu_time", word, None, None, 0.0) for word in said]  # type: ignore[arg-type]
    lacking = {f"workload{number}": "the base can't do it" for number in range(not_comparable)}
    failed = {f"broken{number}": "an error" for number in range(broken)}
    return Duel("throughput", "a", "b", {}, "a machine", findings, lacking, failed)


@pytest.mark.parametrize(
    ("duel", "code"),
    [
        (a_duel("same", "better"), Exit.OK),
        (a_duel("same", "accepted"), Exit.OK),
        (a_duel("same", not_comparable=1), Exit.OK),
        (a_duel("same", "worse", "unknown"), Exit.GATE_FAILED),
        (a_duel("same", broken=1), Exit.GATE_FAILED),
        (a_duel("same", "unknown"), Exit.NOTHING_COMPARED),
        (a_duel(), Exit.NOTHING_COMPARED),
        (a_duel(not_comparable=1), Exit.NOT_COMPARABLE),
    ],
)
def test_exit_codes(duel: Duel, code: Exit) -> None:
    """A comparison of nothing is never a pass."""
    assert exit_code(duel) == code


def test_what_differs_is_named_with_both_values() -> None:
    base = {"device": "cpu", "threads": 1}
    assert differing(base, {"device": "cuda", "threads": 1}) == ["device: cpu against cuda"]
    assert differing(base, dict(base)) == []
