"""Figures as text: rounded, with a dash for what was not measured."""

import dataclasses
import re

import pytest

from bench.answers.against import against_frozen
from bench.reports.tables.formatting import (
    at_largest,
    heading,
    interval,
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
    """Where nothing was tested the gap of the means alone, and why."""
    first, *_, last = compared.a_summary().ask(against_frozen)
    assert worded(last) == "better (p < 0.001)"
    assert worded(dataclasses.replace(last, p=0.0123)) == "better (p = 0.012)"
    assert re.fullmatch(r"\+\d+\.\d \(\d+\.\d to \d+\.\d\)", points(last))
    assert re.fullmatch(r"-\d+\.\d \(-\d+\.\d to -\d+\.\d\)", points(first))
    untested = dataclasses.replace(last, difference=None, p=None, reason="predictions are missing")
    assert points(untested) == f"{(last.first.accuracy.mean - last.second.accuracy.mean) * 100:+.1f}"
    assert worded(untested) == "not tested: predictions are missing"


def test_an_interval_beyond_what_accuracies_can_differ_by_is_told_by_its_half() -> None:
    """The ends would be no differences; programs find null there, and the half."""
    *_, last = compared.a_summary().ask(against_frozen)
    assert last.difference is not None
    wide = dataclasses.replace(last.difference, mean=0.9, low=0.7, high=1.1)
    assert points(dataclasses.replace(last, difference=wide)) == "+90.0 ± 20.0"
    assert interval(wide) == {"low": None, "high": None, "half_width_95": pytest.approx(0.2)}
    near = dataclasses.replace(wide, low=0.8, high=1.0)
    assert points(dataclasses.replace(last, difference=near)) == "+90.0 (80.0 to 100.0)"
    assert interval(near) == {"low": 0.8, "high": 1.0, "half_width_95": pytest.approx(0.1)}


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
