"""Answers as sentences."""

from pathlib import Path

from bench.answers.label_needs import worths
from bench.catalog import REPORTS
from bench.reports.tables.sentences import worth_lines
from tests.material import compared


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
