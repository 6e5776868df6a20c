"""The Pareto front in words, as a table and as a picture."""

import dataclasses
from pathlib import Path
from xml.etree import ElementTree

from bench.answers.pareto import fronts
from bench.answers.summary import Summary, summarise
from bench.records.record import Record
from bench.reports.figures.pareto import pareto_picture
from bench.reports.formats.markdown import render
from bench.reports.tables.formatting import percent
from tests.material import page_runs
from tests.material.summaries import section_of, table_of


def a_summary(*records: Record) -> Summary:
    return summarise(records or page_runs.cells(), {"suite": "example"})


def test_the_table_has_the_rows_of_the_front_over_all_axes() -> None:
    summary = a_summary()
    headers, cells = table_of("pareto", summary)
    front = summary.ask(fronts)[0]
    assert len(front.axes) == 5
    assert [(row[2], row[4]) for row in cells] == [(row.setting, percent(row.accuracy)) for row in front.rows]
    assert {len(row) for row in cells} == {len(headers)}


def test_scratch_that_is_slower_and_worse_is_not_on_it() -> None:
    assert not [row for row in table_of("pareto", a_summary())[1] if row[2].startswith("scratch")]


def test_what_lacks_a_figure_is_told() -> None:
    cells = page_runs.cells()
    unprofiled = [dataclasses.replace(each, latency_ms=None) if each.method == "scratch" else each for each in cells]
    (line,) = section_of("pareto", a_summary(*unprofiled)).lines
    assert line.endswith("6 left out for want of a figure.")
    alone = a_summary(*(dataclasses.replace(each, latency_ms=None) for each in cells))
    (line,) = section_of("pareto", alone).lines
    assert "no row has a figure for latency" in line
    assert "left out" not in line


def test_each_data_set_has_its_own_front_and_panel(tmp_path: Path) -> None:
    others = [
        dataclasses.replace(each, dataset="cifar10", cell_id=f"other{each.cell_id}") for each in page_runs.cells()
    ]
    summary = a_summary(*page_runs.cells(), *others)
    assert {row[0] for row in table_of("pareto", summary)[1]} == {"digits", "cifar10"}
    assert len(section_of("pareto", summary).lines) == 2
    assert pareto_picture(summary, tmp_path) is not None


def test_the_picture_is_an_svg_with_the_same_bytes_for_the_same_numbers(tmp_path: Path) -> None:
    pictures = [pareto_picture(a_summary(), tmp_path / name) for name in ("one", "other")]
    one, other = (picture.read_bytes() for picture in pictures if picture)
    assert one == other
    assert ElementTree.fromstring(one).tag == "{http://www.w3.org/2000/svg}svg"
    changed = pareto_picture(a_summary(*page_runs.cells(total_s=5.0)), tmp_path / "changed")
    assert changed is not None
    assert changed.read_bytes() != one


def test_there_is_no_picture_without_rows(tmp_path: Path) -> None:
    assert pareto_picture(a_summary(*page_runs.unfinished()), tmp_path) is None


def test_markdown_shows_front_and_picture(tmp_path: Path) -> None:
    text = render(a_summary(), tmp_path)
    assert "## Pareto front" in text
    assert "(pareto.svg)" in text
    assert (tmp_path / "pareto.svg").is_file()
    assert "Pareto" not in render(a_summary(*page_runs.unfinished()), tmp_path)
