"""Figures as text: rounded, with a dash for what was not measured."""

import pytest

from bench.reports.tables.formatting import heading, number, percent, plain
from bench.statistics.intervals import Estimate


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
