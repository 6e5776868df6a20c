"""Figures as text: rounded, with a dash for what was not measured."""

import dataclasses
import re

import pytest

from bench.answers.against import against_frozen
from bench.answers.verdicts import Verdict
from bench.reports.tables.formatting import (
    CORRECTED,
    at_largest,
    corrected_for,
    explained,
    for_programs,
    heading,
    listed,
    number,
    percent,
    plain,
    points,
    shown,
    worded,
)
from bench.statistics.intervals import Estimate
from tests.material import compared


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (None, "-"),
        (Estimate(0.5, None, 1), "50.0 (1)"),
        (Estimate(0.5, 0.0123, 3), "50.0 ± 1.2 (3)"),
        (Estimate(1.0, 0.0, 5), "100.0 ± 0.0 (5)"),
    ],
)
def test_an_accuracy_is_written_in_per_cent(estimate: Estimate | None, text: str) -> None:
    assert percent(estimate) == text


def test_what_was_not_measured_is_a_dash() -> None:
    assert number(None) == "-"
    assert number(Estimate(1234.56, 1.0, 3), 1) == "1,234.6"


def test_a_budget_is_headed_by_its_count_of_labels() -> None:
    assert heading(("1 %", 1000)) == "1 % (1,000 labels)"
    assert heading(("200 labels", 200)) == "200 labels"


def test_a_count_of_labels_is_not_written_twice() -> None:
    assert heading(("1000 labels", 1000)).count("labels") == 1


@pytest.mark.parametrize(("value", "text"), [(None, "-"), (0.0, "0.0"), (1234.56, "1,234.6")])
def test_a_plain_number_is_rounded(value: float | None, text: str) -> None:
    assert plain(value, 1) == text


@pytest.mark.parametrize(
    ("words", "text"), [(["one"], "one"), (["one", "two"], "one and two"), (["a", "b", "c"], "a, b and c")]
)
def test_words_are_listed(words: list[str], text: str) -> None:
    assert listed(words) == text


def test_a_verdict_is_told_in_points_with_its_word() -> None:
    """With its level, and of how many it is one; where nothing was compared the gap of the means alone, and why."""
    first, *_, last = compared.a_summary().ask(against_frozen)
    assert worded(last) == "better (p = 0.003, one of 3)"
    assert worded(dataclasses.replace(last, p=0.0001)) == "better (p < 0.001, one of 3)"
    assert worded(dataclasses.replace(last, p=0.0123, among=1)) == "better (p = 0.012)"
    assert worded(dataclasses.replace(last, p=0.0123, among=1770)) == "better (p = 0.012, one of 1,770)"
    assert re.fullmatch(r"\+\d+\.\d \(\d+\.\d to \d+\.\d at 9\d(\.\d)? %\)", points(last))
    assert re.fullmatch(r"-\d+\.\d \(-\d+\.\d to -\d+\.\d at 9\d(\.\d)? %\)", points(first))
    untested = dataclasses.replace(last, difference=None, p=None, missing=None, reason="predictions are missing")
    assert points(untested) == f"{(last.first.accuracy.mean - last.second.accuracy.mean) * 100:+.1f}"
    assert worded(untested) == "not tested: predictions are missing"
    few = dataclasses.replace(last, p=None, missing=None, reason="2 seeds")
    assert re.fullmatch(r"\+\d+\.\d", points(few)), "an interval that would not hold is not shown"


def with_ends(low: float, high: float, p: float) -> Verdict:
    """A verdict whose interval has such ends at 95 %, of differences of accuracies."""
    *_, last = compared.a_summary().ask(against_frozen)
    assert last.difference is not None
    mean, error = (low + high) / 2, (high - low) / 2 / 1.959963984540054
    found = dataclasses.replace(last.difference, mean=mean, error=error, images=10**12, variances=(0.0, 1.0, 0.0))
    return dataclasses.replace(last, difference=found, p=p, missing=0.05)


@pytest.mark.parametrize(
    ("low", "high", "p", "text"),
    [
        (0.01, 0.05, 0.01, "+3.0 (1.0 to 5.0 at 95 %)"),
        (0.0004, 0.05, 0.0499, "+2.5 (0.04 to 5.0 at 95 %)"),
        (-0.05, -0.000012, 0.0499, "-2.5 (-5.0 to -0.001 at 95 %)"),
        (-0.0001, 0.05, 0.051, "+2.5 (-0.01 to 5.0 at 95 %)"),
        (0.7, 1.1, 0.001, "+90.0 (70.0 to 100.0 at 95 %)"),
        (-1.2, 1.4, 0.7, "+10.0 (-100.0 to 100.0 at 95 %)"),
    ],
)
def test_an_interval_shows_on_which_side_of_zero_it_ends(low: float, high: float, p: float, text: str) -> None:
    """An end that would be rounded to zero has its first digit; none lies beyond what accuracies can differ by."""
    verdict = with_ends(low, high, p)
    assert points(verdict) == text
    told = for_programs(verdict)
    assert told["low"] == pytest.approx(max(low, -1), abs=1e-9)
    assert told["high"] == pytest.approx(min(high, 1), abs=1e-9)


@pytest.mark.parametrize(
    ("missing", "text"),
    [(0.05, "95"), (0.025, "97.5"), (0.05 / 3, "98.3"), (0.05 / 6, "99.2"), (0.05 / 66, "99.92"), (5e-6, "99.9995")],
)
def test_a_level_has_the_digits_that_tell_it_from_a_hundred(missing: float, text: str) -> None:
    assert points(dataclasses.replace(with_ends(0.3, 0.5, 1e-9), missing=missing)).endswith(f" at {text} %)")


@pytest.mark.parametrize(
    ("p", "text"), [(0.0496, "= 0.0496"), (0.05004, "= 0.05004"), (0.05, "= 0.050"), (0.0512, "= 0.051")]
)
def test_a_p_near_the_level_shows_on_which_side_it_lies(p: float, text: str) -> None:
    assert f"(p {text})" in worded(dataclasses.replace(with_ends(0.3, 0.5, p), among=1))


def test_an_explanation_tells_what_its_verdicts_were_corrected_for() -> None:
    verdicts = compared.a_summary().ask(against_frozen)
    told = explained("Some text.", verdicts)
    assert told.startswith("Some text. Each is one of 3 comparisons of methods (with their initial weights) at one")
    assert told.endswith(CORRECTED)
    assert explained("Some text.", []) == "Some text."
    assert corrected_for(verdicts).startswith(", corrected for 3 comparisons of methods")


def test_each_setting_has_its_row_at_the_largest_budget_that_fits() -> None:
    """One of which none fits is left out."""
    summary = compared.a_summary()
    assert [row.n_labels for _, row in at_largest(summary, lambda row: True)] == [1000] * 3
    found = dict(at_largest(summary, lambda row: row.method != "scratch" and row.n_labels < 100))
    assert {setting.partition(" ")[0]: row.n_labels for setting, row in found.items()} == {
        "linear_probe": 50,
        "finetune": 50,
    }


def test_a_table_without_lines_is_not_shown() -> None:
    assert shown("nothing", (["head"], [])) == ()
    (table,) = shown("something", (["head"], [["cell"]]), stubs=1)
    assert (table.caption, table.stubs) == ("something", 1)
