"""The Pareto front in words and as a table."""

import dataclasses
from pathlib import Path

from bench.answers.pareto import fronts
from bench.reports.figures.pareto import pareto_picture
from bench.reports.formats.markdown import render
from bench.reports.tables.formatting import percent
from tests.material import page_runs
from tests.material.summaries import section_of, table_of


def test_the_table_has_the_rows_of_the_front_over_all_axes() -> None:
    summary = page_runs.a_summary()
    headers, cells = table_of("pareto", summary)
    front = summary.ask(fronts)[0]
    assert len(front.axes) == 5
    assert [(row[2], row[4]) for row in cells] == [(row.setting, percent(row.accuracy)) for row in front.rows]
    assert {len(row) for row in cells} == {len(headers)}


def test_scratch_that_is_slower_and_worse_is_not_on_it() -> None:
    assert not [row for row in table_of("pareto", page_runs.a_summary())[1] if row[2].startswith("scratch")]


def test_what_lacks_a_figure_is_told() -> None:
    cells = page_runs.cells()
    unprofiled = [dataclasses.replace(each, latency_ms=None) if each.method == "scratch" else each for each in cells]
    (line,) = section_of("pareto", page_runs.a_summary(*unprofiled)).lines
    assert line.endswith("6 left out for want of a figure.")
    alone = page_runs.a_summary(*(dataclasses.replace(each, latency_ms=None) for each in cells))
    (line,) = section_of("pareto", alone).lines
    assert "no row has a figure for latency" in line
    assert "left out" not in line


def test_each_data_set_has_its_own_front_and_panel(tmp_path: Path) -> None:
    others = [
        dataclasses.replace(each, dataset="cifar10", cell_id=f"other{each.cell_id}") for each in page_runs.cells()
    ]
    summary = page_runs.a_summary(*page_runs.cells(), *others)
    assert {row[0] for row in table_of("pareto", summary)[1]} == {"digits", "cifar10"}
    assert len(section_of("pareto", summary).lines) == 2
    assert pareto_picture(summary, tmp_path) is not None


def test_markdown_shows_front_and_picture(tmp_path: Path) -> None:
    text = render(page_runs.a_summary(), tmp_path)
    assert "## Pareto front" in text
    assert "(pareto.svg)" in text
    assert (tmp_path / "pareto.svg").is_file()
    assert "Pareto" not in render(page_runs.a_summary(*page_runs.unfinished()), tmp_path)
