"""The summary for a terminal: figures with their intervals, and reasons once each."""

import dataclasses
from pathlib import Path

from tests.material.summaries import UNFINISHED, a_summary, render


def test_the_console_groups_cells_with_the_same_reason(tmp_path: Path) -> None:
    lacking = [dataclasses.replace(UNFINISHED, cell_id=str(i), status="skipped", reason="no weights") for i in range(4)]
    text = render("console", a_summary(*lacking, UNFINISHED), tmp_path)
    assert "skipped: 4 cells: no weights" in text
    assert "oom: 1 cell: CUDA out of memory" in text


def test_the_console_shows_mean_interval_and_number(tmp_path: Path) -> None:
    text = render("console", a_summary(), tmp_path)
    assert "51.0 ± 2.5 (3)" in text
    assert "61.0 ± 2.5 (3)" in text
    assert "audit: 24 of 24 checks passed" in text
