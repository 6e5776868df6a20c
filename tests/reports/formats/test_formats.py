"""Formats for programs and for papers: one summary, the same figures, and any name comes back."""

import csv
import dataclasses
import io
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import parquet

from bench.answers.summary import Summary, summarise
from bench.catalog import ANSWERS, REPORTS
from bench.reports.formats.json import FACTS
from bench.reports.reporting import report_file
from tests.material.summaries import MANIFEST, PROFILED, UNFINISHED, a_summary, records, render


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


def test_json_holds_all_of_the_summary(tmp_path: Path) -> None:
    """Verdicts and overtakings point to rows by their position; the document says which version it is."""
    made = records()
    generator = np.random.default_rng(0)
    right = {record.cell_id: generator.random(4000) < (record.accuracy or 0) for record in made}
    summary = summarise(
        [*made, UNFINISHED], {**MANIFEST, "cells": [*(each.cell_id for each in made), "oom", "x"]}, right.get
    )
    contents = json.loads(render("json", summary, tmp_path))
    assert (contents["format"], contents["version"]) == ("transferbench report", 1)
    assert {
        "notes",
        "command",
        "suite_text",
        "ranks",
        "audit_failures",
        "crossings",
        "needs",
        "ranking",
        "environments",
    } <= set(contents)
    (verdict, *_) = contents["against_frozen"]
    rows = contents["rows"]
    assert (rows[verdict["first"]]["method"], rows[verdict["second"]]["method"]) == ("finetune", "linear_probe")
    assert (verdict["word"], verdict["seeds"], verdict["images"]) == ("better", 3, 4000)
    assert verdict["low"] < verdict["difference"] < verdict["high"]
    (overtaking,) = contents["overtakings"]
    assert (overtaking["side"], overtaking["measured_at"]) == ("always", [50, 1000])
    assert contents["unfinished"] == [
        {"cell_id": "oom", "cell": UNFINISHED.label, "status": "oom", "reason": "CUDA out of memory"}
    ]
    assert contents["missing"] == 1
    assert contents["audit"]["frozen_unchanged"] == [12, 0, 0]
    assert set(ANSWERS.names()) | set(FACTS) <= set(contents)
    (table,) = contents["tables"]
    assert {rows[each["row"]]["budget"] for each in table["rows"]} == {each["label"] for each in table["budgets"]}


def test_parquet_has_types_also_where_no_row_has_a_value(tmp_path: Path) -> None:
    contents: Any = REPORTS.entry("parquet").load()(a_summary(), tmp_path)
    types = {field.name: str(field.type) for field in parquet.read_schema(io.BytesIO(contents))}
    assert (types["accuracy"], types["accuracy_n"], types["backbone"]) == ("double", "int64", "string")
    assert (types["mfu"], types["bound_by"], types["peak_cuda_allocated_mib"]) == ("double", "string", "double")
    assert "null" not in types.values()


def latex_cells(text: str) -> list[list[list[str]]]:
    """Parse what the reports write of LaTeX, strictly: tables of equal lines, and nothing that is not known."""
    tables = []
    for body in re.findall(r"\\begin\{tabular\}(.*?)\\end\{tabular\}", text, re.DOTALL):
        columns, _, rest = body.partition("\n")
        count = len(re.fullmatch(r"\{([lr]+)\}", columns)[1])  # type: ignore[index]
        lines = [line for line in rest.strip().splitlines() if not re.fullmatch(r"\\(top|mid|bottom)rule", line)]
        assert all(line.endswith(r" \\") for line in lines)
        cells = [re.split(r"(?<!\\) & ", line.removesuffix(r" \\")) for line in lines]
        assert {len(line) for line in cells} == {count}
        tables.append([[plain_latex(cell) for cell in line] for line in cells])
    return tables


COMMANDS = {"textbackslash": "\\", "textasciicircum": "^", "textasciitilde": "~", "textless": "<", "textgreater": ">"}


def plain_latex(text: str) -> str:
    """Return what LaTeX would set; a sign that means something to it and is not escaped is an error."""
    text = text.removeprefix("{}").replace(r"$\pm$", "±").replace(r"\textbar{}", "|")
    found = ""
    while text:
        command = re.match(r"\\([a-z]+)\{\}", text)
        escape = re.match(r"\\([{}$&#%_])", text)
        code = re.match(r"\\texttt\{U\+([0-9A-F]+)\}", text)
        part = command or escape or code
        if part is None:
            assert text[0] not in "\\{}$&#%_^~", text
            found, text = found + text[0], text[1:]
            continue
        found += COMMANDS[part[1]] if command else chr(int(part[1], 16)) if code else part[1]
        text = text[part.end() :]
    return found


HOSTILE = r"a\b{c}$d$&e#f%g_h^i~j<k>|l"


@pytest.mark.parametrize("name", [HOSTILE, "[x]", "日本", "ü ± ÷", "--", r"\input{/etc/passwd}", "\\"])
def test_latex_gives_back_any_name(name: str, tmp_path: Path) -> None:
    """Every table can be parsed, and the name read in it."""
    summary = summarise([dataclasses.replace(record, weights=name) for record in records()], MANIFEST)
    tables = latex_cells(render("latex", summary, tmp_path))
    assert len(tables) == 5
    assert f"finetune ({name})" in {line[0] for line in tables[0]}


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex here")
def test_latex_compiles(tmp_path: Path) -> None:
    """In a document that has booktabs and nothing else."""
    summary = summarise([dataclasses.replace(record, weights=HOSTILE) for record in records()], MANIFEST)
    tables = render("latex", summary, tmp_path)
    document = rf"\documentclass{{article}}\usepackage{{booktabs}}\begin{{document}}{tables}\end{{document}}"
    (tmp_path / "report.tex").write_text(document)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "report.tex"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "report.pdf").exists()


def test_files_are_named_after_the_format() -> None:
    """What has another suffix says so in the catalogue; a report of one's own is named after its function."""
    names = {name: report_file(name) for name in ("console", "md", "csv", "json", "latex", "parquet")}
    assert names == {
        "console": "report.txt",
        "md": "report.md",
        "csv": "report.csv",
        "json": "report.json",
        "latex": "report.tex",
        "parquet": "report.parquet",
    }
    assert report_file("my_package.reports:poster") == "report.poster"
