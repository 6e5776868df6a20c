"""One summary in several formats: complete, the same figures, and the same bytes twice."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from bench.answers.summary import Summary, summarise
from bench.catalog import REPORTS
from tests.material.examples import a_record
from tests.material.summaries import MANIFEST, PROFILED, UNFINISHED, a_summary, records, render


@pytest.mark.parametrize("name", REPORTS.names())
def test_a_report_is_the_same_text_twice(name: str, tmp_path: Path) -> None:
    assert render(name, a_summary(UNFINISHED), tmp_path) == render(name, a_summary(UNFINISHED), tmp_path)


@pytest.mark.parametrize("name", REPORTS.names())
def test_a_summary_without_rows_can_be_rendered(name: str, tmp_path: Path) -> None:
    summary = summarise([UNFINISHED], MANIFEST)
    assert isinstance(render(name, summary, tmp_path), str | bytes)


@pytest.mark.parametrize("name", ["console", "md"])
def test_cells_without_a_number_are_named_with_their_reason(name: str, tmp_path: Path) -> None:
    text = render(name, a_summary(UNFINISHED), tmp_path)
    assert "oom" in text
    assert "CUDA out of memory" in text
    assert "CUDA out of memory" not in render(name, a_summary(), tmp_path)


@pytest.mark.parametrize("name", ["console", "md"])
def test_cells_that_have_not_run_are_counted(name: str, tmp_path: Path) -> None:
    planned = [record.cell_id for record in records()]
    assert "2 cells of the suite have not run yet" in render(name, a_summary(cells=[*planned, "x", "y"]), tmp_path)


@pytest.mark.parametrize("name", ["console", "md"])
def test_a_failed_audit_is_loud(name: str, tmp_path: Path) -> None:
    broken = a_record(cell_id="broken", seed=9, audit={"frozen_unchanged": False})
    assert "FAIL" in render(name, a_summary(broken), tmp_path)
    assert "FAIL" not in render(name, a_summary(), tmp_path)


def columns(name: str, summary: Summary, folder: Path) -> list[dict[str, Any]]:
    """Return the rows of a report for programs, by column."""
    contents: Any = REPORTS.entry(name).load()(summary, folder)
    if name == "json":
        found: list[dict[str, Any]] = json.loads(contents)["rows"]
        return found
    if name == "parquet":
        return parquet.read_table(io.BytesIO(contents)).to_pylist()
    return list(csv.DictReader(io.StringIO(contents)))


def test_rows_agree_in_every_format_for_programs(tmp_path: Path) -> None:
    """The same columns, the same figures to the last digit."""
    summary = a_summary(PROFILED)
    as_json, as_parquet, as_csv = (columns(name, summary, tmp_path) for name in ("json", "parquet", "csv"))
    assert as_json == as_parquet
    assert [list(row) for row in as_json] == [list(row) for row in as_csv]
    for one, other in zip(as_json, as_csv, strict=True):
        for name, value in one.items():
            text = " ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
            assert other[name] == text, name


def test_figures_for_people_are_those_for_programs_rounded(tmp_path: Path) -> None:
    """In Markdown, LaTeX and on the console."""
    summary = a_summary()
    for row in columns("json", summary, tmp_path):
        plain = f"{row['accuracy'] * 100:.1f} ± {row['accuracy_half_width_95'] * 100:.1f} ({row['accuracy_n']})"
        assert plain in render("console", summary, tmp_path)
        assert plain in render("md", summary, tmp_path)
        assert plain.replace("±", r"$\pm$") in render("latex", summary, tmp_path)
