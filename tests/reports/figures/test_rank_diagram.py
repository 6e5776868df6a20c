"""The critical-difference diagram: drawn where there is a test, else the report says how to have it."""

from pathlib import Path

import pytest

from bench.reports.figures import rank_diagram as rank_diagram_module
from bench.reports.figures.rank_diagram import lacking, rank_diagram
from tests.material import compared
from tests.material.summaries import render, section_of


def test_diagram_is_drawn_with_enough_data_sets_and_else_says_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the extra the report says how to install it, and the test stands."""
    summary = compared.a_summary(tuple("abcde"))
    assert "Friedman's test p" in section_of("standings", summary).lines[-1]
    path = rank_diagram(summary, tmp_path)
    assert path == tmp_path / "critical_difference.svg"
    first = path.read_bytes()
    rank_diagram(summary, tmp_path)
    assert path.read_bytes() == first
    assert lacking(summary) == ""
    assert rank_diagram(compared.a_summary(), tmp_path) is None
    monkeypatch.setattr(rank_diagram_module, "LIBRARY", "no_such_library")
    assert rank_diagram(summary, tmp_path) is None
    assert "pip install" in render("md", summary, tmp_path)
    assert lacking(compared.a_summary()) == ""
