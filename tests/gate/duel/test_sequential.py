"""Restarts are judged as they should be: rarely wrong, rarely blind, and never by one block."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bench.gate.duel.sequential import (
    FLOOR,
    LOOKS,
    SAME,
    Decision,
    Effect,
    Look,
    Trial,
    confirmed,
    effect,
    judge,
    log_ratio,
    worse,
)

RATIOS = st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=30)
FIVE = [f"workload{number}" for number in range(5)]


def series(change: float, spread: float = 0.02) -> list[float]:
    """Return six log ratios about a change, symmetric."""
    return [math.log1p(change) + spread * sign for sign in (-1, -0.5, 0, 0, 0.5, 1)]


def run(trial: Trial, draw: Callable[[str], float]) -> Trial:
    """Add restarts while something is open."""
    while trial.open:
        trial.add({name: draw(name) for name in trial.open})
    return trial


@given(RATIOS)
def test_effect_is_students_t(ratios: list[float]) -> None:
    """Against scipy's one-sample test, one-sided."""
    found = effect(ratios)
    assert found.low <= found.change <= found.high
    assert found.p_worse + found.p_better == pytest.approx(1)
    if np.std(ratios) > 1e-9:
        expected = stats.ttest_1samp(ratios, 0, alternative="greater").pvalue
        assert found.p_worse == pytest.approx(expected, abs=1e-9)


@given(RATIOS)
def test_sides_are_treated_alike(ratios: list[float]) -> None:
    """The other way round worse is better, and no change is both."""
    one, other = effect(ratios), effect([-each for each in ratios])
    assert one.p_worse == pytest.approx(other.p_better)
    assert (1 + one.change) * (1 + other.change) == pytest.approx(1)


@pytest.mark.parametrize(("ratio", "p"), [(0.1, 0.0), (0.0, 0.5), (-0.1, 1.0)])
def test_ratios_without_spread_are_an_answer_too(ratio: float, p: float) -> None:
    """Exact peaks repeat to the byte."""
    found = effect([ratio] * 6)
    assert (found.p_worse, found.change) == (p, pytest.approx(math.expm1(ratio)))


def test_one_restart_is_no_effect() -> None:
    with pytest.raises(ValueError, match="two restarts"):
        effect([0.1])


@pytest.mark.parametrize(
    ("change", "spread", "word"),
    [
        (0.0, 0.02, "same"),
        (0.10, 0.02, "worse"),
        (-0.10, 0.02, "better"),
        (0.04, 0.001, "same"),
        (0.03, 0.15, "unknown"),
        (0.10, 0.30, "unknown"),
    ],
)
def test_words(change: float, spread: float, word: str) -> None:
    """A small change is no finding however certain, a large one none while it is uncertain."""
    (decision,) = judge([effect(series(change, spread))], LOOKS[0].level)
    assert decision.word == word


@given(st.lists(RATIOS, min_size=1, max_size=6), st.sampled_from(LOOKS))
def test_no_word_breaks_its_promise(many: list[list[float]], look: Look) -> None:
    """Worse and better lie beyond the floor and are significant by themselves; same is bounded."""
    for decision in judge([effect(each) for each in many], look.level):
        found = decision.effect
        if decision.word == "worse":
            assert found.change > FLOOR
            assert found.p_worse < look.level
        if decision.word == "better":
            assert found.change < 0
            assert found.p_better < look.level
        if decision.word == "same":
            assert found.high < SAME


@given(st.lists(RATIOS, min_size=2, max_size=6))
def test_company_makes_nothing_more_certain(many: list[list[float]]) -> None:
    """Holm's correction: what is worse among others is worse alone."""
    effects = [effect(each) for each in many]
    alone = [judge([each], 0.005)[0].word for each in effects]
    together = [decision.word for decision in judge(effects, 0.005)]
    assert all(one == "worse" for one, other in zip(alone, together, strict=True) if other == "worse")


def test_looks_spend_one_per_cent() -> None:
    assert sum(look.level for look in LOOKS) == pytest.approx(0.01, abs=1e-4)
    assert [look.restarts for look in LOOKS] == [6, 12, 20]


def test_restarts_end_where_all_is_known() -> None:
    """Quiet and equal: six, and not one more."""
    trial = run(Trial(FIVE), lambda name: 0.001)
    assert {decision.word for decision in trial.decided.values()} == {"same"}
    assert {len(ratios) for ratios in trial.ratios.values()} == {6}


def test_only_what_is_open_goes_on_and_never_beyond_the_last_look() -> None:
    """What stays uncertain is unknown after twenty."""
    swing = iter([0.4, -0.4] * 20)
    trial = run(Trial(["steady", "wild"]), lambda name: 0.0 if name == "steady" else next(swing))
    assert {name: decision.word for name, decision in trial.decided.items()} == {"steady": "same", "wild": "unknown"}
    assert {name: len(ratios) for name, ratios in trial.ratios.items()} == {"steady": 6, "wild": 20}


def test_what_was_decided_stays() -> None:
    """No re-running until it is significant: a later restart is not even taken."""
    wild = iter([0.4, -0.4] * 20)
    trial = run(Trial(["steady", "wild"]), lambda name: 0.0 if name == "steady" else next(wild))
    assert trial.decided["steady"].effect.restarts == 6
    assert trial.decided["wild"].effect.restarts == 20


def decision(word: str) -> Decision:
    """Return a decision of which only the word matters."""
    return Decision(word, Effect(6, 0.1, 0.05, 0.15, 0.001, 0.999))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "second", "word"),
    [
        ("worse", "worse", "worse"),
        ("worse", "same", "unknown"),
        ("worse", "unknown", "unknown"),
        ("worse", None, "unknown"),
        ("same", "worse", "same"),
        ("better", None, "better"),
    ],
)
def test_worse_must_come_back(first: str, second: str | None, word: str) -> None:
    """In a second set of its own; everything else stands as it is."""
    again = {} if second is None else {"step": decision(second)}
    found = confirmed({"step": decision(first)}, again)
    assert found["step"].word == word
    assert worse(found) == (["step"] if word == "worse" else [])


def test_a_ratio_is_of_the_least_costs() -> None:
    """What adds to a unit's time now and then is not the harness's."""
    assert log_ratio([2.0, 1.0, 9.0], [1.1, 5.0]) == pytest.approx(math.log(1.1))


def rate_of_worse(generator: np.random.Generator, change: float, spread: float, duels: int) -> float:
    """Return the share of duels of five workloads, of which one may have changed, that end in worse, twice over."""
    blocked = 0
    for _ in range(duels):
        shift = {FIVE[0]: math.log1p(change)}

        def draw(name: str, shift: dict[str, float] = shift) -> float:
            return float(generator.normal(shift.get(name, 0.0), spread))

        first = run(Trial(FIVE), draw)
        again = run(Trial(worse(first.decided)), draw)
        blocked += bool(worse(confirmed(first.decided, again.decided)))
    return blocked / duels


@pytest.mark.parametrize("spread", [0.015, 0.03, 0.06])
def test_false_alarms_are_rare(spread: float) -> None:
    """At most one duel of equals in a hundred, at the spread of restarts that was measured and at twice that."""
    assert rate_of_worse(np.random.default_rng(0), 0.0, spread, 400) <= 0.01


@pytest.mark.parametrize(("change", "spread"), [(0.10, 0.015), (0.10, 0.025)])
def test_ten_per_cent_is_found(change: float, spread: float) -> None:
    """In 95 of 100 duels, both times."""
    assert rate_of_worse(np.random.default_rng(1), change, spread, 200) >= 0.95
