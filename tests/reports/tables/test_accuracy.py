"""The table that every report begins with."""

from pathlib import Path

from bench.answers.summary import summarise
from bench.reports.tables.accuracy import accuracy_table
from bench.schema import Choice
from tests.material.examples import a_cell, a_record
from tests.material.summaries import a_summary, render


def test_a_setting_without_a_cell_is_a_dash() -> None:
    lonely = a_record(cell_id="lonely", method="mlp_probe")
    headers, cells = accuracy_table(a_summary(lonely).blocks[0])
    assert headers[1:] == ["5 per class (50 labels)", "100 per class (1,000 labels)"]
    assert [row[1:] for row in cells if row[0].startswith("mlp_probe")] == [["90.0 (1)", "-"]]


def test_repeats_are_no_seeds_in_the_table_of_accuracies(tmp_path: Path) -> None:
    """Two runs of one cell are one figure."""
    twice = [a_record(a_cell(method=Choice("linear_probe"), repeat=again)) for again in (0, 1)]
    assert "90.0 (1)" in render("md", summarise(twice, {}), tmp_path)
