"""What all pictures share: names are text, looks are told apart, and a file is the same bytes twice."""

from pathlib import Path

from bench.reports.figures.crossing_maps import crossing_maps
from bench.reports.figures.rank_diagram import rank_diagram
from tests.material import compared
from tests.material.summaries import render


def test_hostile_names_are_only_text(tmp_path: Path) -> None:
    """Dollars are no formula to the picture, tags none to the report."""
    summary = compared.a_summary(weights="$x^$ <script>")
    assert crossing_maps(summary, tmp_path) is not None
    assert rank_diagram(compared.a_summary(tuple("abcde"), weights="$x^$"), tmp_path)
    assert "<script>" not in render("md", summary, tmp_path)
