"""Counts of labels as text."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.answers.label_needs import needs
from bench.reports.tables.labels import FAR, count, extrapolated, labels, measured, off
from bench.statistics.learning_curves import LabelsNeeded
from tests.material import compared


def test_no_figure_is_told_far_from_what_was_measured() -> None:
    """Nor one for what a curve never comes to."""
    found = compared.a_summary().ask(needs)[0].found
    assert labels(dataclasses.replace(found, labels=1e9, low=2e5, high=None), compared.BUDGETS) == (
        "over 10,000 (over 10,000 to no end)"
    )
    assert (
        labels(dataclasses.replace(found, labels=0.1, low=0.0, high=20.0), compared.BUDGETS)
        == "under 1 (under 1 to 20)"
    )
    assert labels(dataclasses.replace(found, labels=None, low=900.0, high=None), compared.BUDGETS) == (
        "never, by its curve (900 at least)"
    )


FOUND = LabelsNeeded(
    labels=120.4, low=95.0, high=1600.0, extrapolated=False, interval_extrapolated=False, held_out_error=0.0123
)


def test_labels_are_told_with_their_interval() -> None:
    assert labels(FOUND, compared.BUDGETS) == "120 (95 to 1,600)"
    assert measured(compared.BUDGETS) == "10 to 1,000"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "no"),
        ({"interval_extrapolated": True}, "interval"),
        ({"extrapolated": True}, "yes"),
        ({"extrapolated": True, "interval_extrapolated": True}, "yes"),
    ],
    ids=str,
)
def test_a_guess_is_called_one(changes: dict[str, bool], told: str) -> None:
    assert extrapolated(dataclasses.replace(FOUND, **changes)) == told


def test_how_far_off_a_curve_is_stands_in_points() -> None:
    assert off(FOUND) == "1.2"
    assert off(dataclasses.replace(FOUND, held_out_error=None)) == "-"


@given(st.floats(0, 1e12), st.lists(st.integers(1, 10**6), min_size=3, max_size=5, unique=True).map(sorted))
def test_any_count_is_told_within_ten_times_of_what_was_measured(value: float, budgets: list[int]) -> None:
    told = int("".join(sign for sign in count(value, tuple(budgets)) if sign.isdigit()))
    assert max(1, budgets[0] // FAR) <= told <= budgets[-1] * FAR


def test_no_accuracy_takes_no_label_at_all() -> None:
    """What would be rounded to 0 is under one."""
    assert [count(value, (2, 40)) for value in (0.0, 0.3, 0.5, 0.51, 1.4)] == [*["under 1"] * 3, "1", "1"]
