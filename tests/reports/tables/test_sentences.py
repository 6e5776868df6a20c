"""Answers as sentences."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from bench.answers.crossings import overtakings
from bench.answers.label_needs import worths
from bench.catalog import REPORTS
from bench.reports.tables.sentences import overtaking_line, overtaking_lines, worth_lines
from tests.material import compared
from tests.material.summaries import a_summary


def test_worth_is_one_sentence_for_a_start(tmp_path: Path) -> None:
    """In the terminal as in the report, with a warning where a figure is a guess."""
    summary = compared.a_summary()
    (line,) = worth_lines(summary)
    start = "test_resnet: finetune (supervised@glyphs) on 10, 50, 250 and 1,000 labels reaches what linear_probe"
    assert line.startswith(start)
    *_, last = summary.ask(worths)
    assert ("extrapolated" in line) == last.found.extrapolated
    for name in ("console", "md"):
        assert line in REPORTS.entry(name).load()(summary, tmp_path)


FORTH, BACK = "finetune (supervised@glyphs)", "linear_probe (supervised@glyphs)"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"side": "crosses", "labels": 99.6, "low": 47.0, "high": 140.2},
            f"test_resnet: {FORTH} is ahead of {BACK} from about 100 labels on (95 %: 47 to 140; measured from 10 to "
            "1,000 labels).",
        ),
        (
            {"side": "crosses", "labels": 500.0, "low": None, "high": None},
            f"test_resnet: {FORTH} is ahead of {BACK} from about 500 labels on (95 %: under 10 to over 1,000; measured "
            "from 10 to 1,000 labels).",
        ),
        (
            {"side": "always", "labels": None, "shares": (0.97, 0.0, 0.03)},
            f"test_resnet: {FORTH} is ahead of {BACK} at every budget from 10 to 1,000 labels (in 97% of the draws).",
        ),
        (
            {"side": "never", "labels": None, "shares": (0.0, 0.9, 0.1)},
            f"test_resnet: {FORTH} is never ahead of {BACK}, 10 to 1,000 labels (in 90% of the draws).",
        ),
    ],
    ids=["crosses", "without ends", "always", "never"],
)
def test_who_is_ahead_from_where_on_is_one_sentence(changes: dict[str, Any], said: str) -> None:
    (each,) = compared.a_summary().ask(overtakings)
    found = dataclasses.replace(each.found, **changes)
    assert overtaking_line(dataclasses.replace(each, found=found)) == said


def test_each_start_has_its_sentence() -> None:
    """One that can't be compared has none."""
    summary = compared.a_summary(("digits", "glyphs"))
    assert overtaking_lines(summary) == [overtaking_line(each) for each in summary.ask(overtakings)]
    assert len(overtaking_lines(summary)) == len(worth_lines(summary)) == 2
    assert overtaking_lines(a_summary()) == worth_lines(a_summary()) == []
