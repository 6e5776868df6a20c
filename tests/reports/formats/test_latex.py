"""The summary as LaTeX: tables that compile, and any name comes back."""

import dataclasses
import shutil
import subprocess
from pathlib import Path

import pytest

from bench.answers.summary import summarise
from tests.material.latex import HOSTILE, latex_cells
from tests.material.summaries import MANIFEST, records, render


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
