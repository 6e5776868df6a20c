"""Counts of labels as text."""

import dataclasses

from bench.answers.label_needs import needs
from bench.reports.tables.labels import labels
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
