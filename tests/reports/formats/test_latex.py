"""The summary as LaTeX: tables that compile, and any name comes back."""

import dataclasses
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bench.answers.summary import summarise
from tests.material.summaries import MANIFEST, records, render


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
