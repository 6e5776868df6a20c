"""The summary as Markdown: what was asked, sections with their pictures, and no text that is markup."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from bench.answers.summary import summarise
from bench.records.record import Record
from tests.material import compared
from tests.material.examples import a_record
from tests.material.summaries import MANIFEST, UNFINISHED, a_summary, records, render


def markdown_cells(line: str) -> list[str]:
    """Part a row of a Markdown table at the bars that are not escaped."""
    return [cell.strip() for cell in line.replace("\\|", "\0").strip().strip("|").split("|")]


@pytest.mark.parametrize("text", ["a | b", "<script>", "two\nlines", "x|y|z\n<br>"])
def test_no_text_breaks_a_markdown_table(text: str, tmp_path: Path) -> None:
    bad = dataclasses.replace(UNFINISHED, reason=text, weights=text)
    lines = render("md", a_summary(bad), tmp_path).splitlines()
    start = lines.index("## Cells without a number")
    table = [line for line in lines[start:] if line.startswith("|")][:3]
    assert {len(markdown_cells(line)) for line in table} == {3}
    assert "<script>" not in "".join(table)
    assert "<br>" not in "".join(table)


def test_markdown_says_what_was_asked_and_where_it_ran(tmp_path: Path) -> None:
    text = render("md", a_summary(), tmp_path)
    assert text.startswith("# example\n")
    for part in ("What is it worth?", "`bench run example`", "```yaml\nname: example\n```", "a processor"):
        assert part in text
    assert "torch 2.0" in text
    assert "absent" not in text


def test_markdown_shows_only_a_picture_that_is_there(tmp_path: Path) -> None:
    text = render("md", a_summary(), tmp_path)
    shown = [line for line in text.splitlines() if line.startswith("![")]
    assert shown
    for line in shown:
        assert (tmp_path / line.partition("](")[2].rstrip(")")).is_file()
    assert "![" not in render("md", summarise([UNFINISHED], MANIFEST), tmp_path / "none")


def test_a_record_of_json_renders_like_the_record(tmp_path: Path) -> None:
    again = [Record(**json.loads(json.dumps(record.to_json()))) for record in records()]
    assert render("md", summarise(again, MANIFEST), tmp_path) == render("md", a_summary(), tmp_path)


def test_every_section_stands_in_the_report_with_its_pictures(tmp_path: Path) -> None:
    """And in none where there is nothing to tell."""
    text = render("md", compared.a_summary(), tmp_path)
    for title in (
        "From how many labels on?",
        "Labels needed",
        "Label more or fine-tune?",
        "Always the same choice",
    ):
        assert f"## {title}" in text
    for name in re.findall(r"!\[[^]]*\]\((.*?)\)", text):
        assert (tmp_path / name).is_file(), name
    single = render("md", summarise([a_record()], {}), tmp_path / "other")
    for title in ("Ahead from", "Labels needed", "Label more", "Always the same", "Where the noise"):
        assert title not in single
    assert "## Where the noise comes from" in render("md", compared.apart(), tmp_path / "apart")
