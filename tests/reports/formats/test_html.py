"""The page as text: complete, self-contained, escaped, and the same numbers as everywhere else."""

import base64
import csv
import dataclasses
import gzip
import html
import io
import json
import re
import tomllib
from fnmatch import fnmatch
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bench
from bench.answers.crossings import crossings, overtakings
from bench.answers.pareto import fronts
from bench.answers.reading import read, read_summary
from bench.answers.recommend import best
from bench.answers.summary import Summary
from bench.catalog import REPORTS
from bench.records.curves import NAMES
from bench.records.record import Record
from bench.reports.figures.crossing_maps import told
from bench.reports.formats.html import render, shown_sections
from bench.reports.tables.accuracy import accuracy_table
from bench.reports.tables.sentences import overtaking_lines
from tests.material import page_runs
from tests.material.page_runs import BREAKING, HOSTILE


class Page(HTMLParser):
    """A page parted into what the tests look at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.scripts: dict[str, str] = {}
        self.text = html.unescape(text)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._cell: list[str] | None = None
        self._script: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self._cell = []
        elif tag == "script":
            self._script = dict(attrs).get("id") or "own"
            self.scripts[self._script] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._cell is not None:
            self.tables[-1][-1].append("".join(self._cell))
            self._cell = None
        elif tag == "script":
            self._script = None

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self.scripts[self._script] += data
        elif self._cell is not None:
            self._cell.append(data)

    def table(self, *headers: str) -> list[list[str]]:
        """Return the rows of the first table that has these headers."""
        return next(table[1:] for table in self.tables if table and set(headers) <= set(table[0]))

    @property
    def accuracies(self) -> list[list[list[str]]]:
        """The rows of the tables of accuracy, a table per block."""
        tables = [table for table in self.tables if table and table[0][0] == "method (initial weights)"]
        return [table[1:] for table in tables if "label" in table[0][1]]

    def unpacked(self, name: str) -> bytes:
        """Return what stands on the page as base64 of gzip."""
        return gzip.decompress(base64.b64decode(self.scripts[name]))


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two backbones, three methods, three budgets and three seeds, and five cells without a number."""
    folder = tmp_path_factory.mktemp("run")
    return page_runs.write_run(folder, [*page_runs.cells(), *page_runs.unfinished()])


@pytest.fixture(scope="module")
def summary(run_folder: Path) -> Summary:
    return read_summary(run_folder)


@pytest.fixture(scope="module")
def text(summary: Summary, run_folder: Path) -> str:
    return render(summary, run_folder)


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_the_page_names_no_other_place(page: Page) -> None:
    """No address to fetch: links lead into the page, scripts and styles stand in it."""
    for tag, attributes in page.tags:
        assert "src" not in attributes, tag
        assert (attributes.get("href") or "#").startswith(("#", "data:,")), attributes
    assert "@import" not in page.scripts["own"]


def test_the_policy_lets_no_script_run_but_the_two_it_knows(page: Page) -> None:
    (policy,) = [tag["content"] for name, tag in page.tags if tag.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert policy.count("sha256-") == 2
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.partition("style-src")[0]


def test_the_accuracies_are_those_of_the_other_reports(page: Page, summary: Summary, run_folder: Path) -> None:
    tables = page.accuracies
    assert tables == [accuracy_table(block)[1] for block in summary.blocks]
    markdown = REPORTS.entry("md").load()(summary, run_folder)
    for row in (row for table in tables for row in table):
        assert re.sub(r"\s+", " ", " | ".join(row)) in re.sub(r"\s+", " ", markdown)


def test_the_accuracies_are_those_of_the_csv(page: Page, summary: Summary, run_folder: Path) -> None:
    lines = list(csv.DictReader(io.StringIO(REPORTS.entry("csv").load()(summary, run_folder))))
    shown = [text for table in page.accuracies for row in table for text in row[1:]]
    assert sorted(shown) == sorted(
        f"{float(line['accuracy']) * 100:.1f} ± {float(line['accuracy_half_width_95']) * 100:.1f} (3)" for line in lines
    )


def test_the_table_of_cells_has_the_figures_of_the_records(page: Page, summary: Summary) -> None:
    headers, *rows = next(table for table in page.tables if table and {"cell", "status", "seed"} <= set(table[0]))
    assert len(rows) == len(summary.records) == 59
    for row, record in zip(rows, summary.records, strict=True):
        shown = dict(zip(headers, row, strict=True))
        assert shown["cell"] == record.cell_id[:8]
        assert (shown["backbone"], shown["seed"], shown["status"]) == (record.backbone, str(record.seed), record.status)
        assert shown["accuracy, %"] == ("-" if record.accuracy is None else f"{record.accuracy * 100:.1f}")
        assert shown["total, s"] == f"{record.total_s:.1f}"


def test_every_chart_has_its_data(page: Page, summary: Summary) -> None:
    data = json.loads(page.scripts["data"])
    assert len(data["lines"]) == 6
    assert [line["labels"] for line in data["lines"]] == [[10, 100, 1000]] * 6
    assert len(data["dots"]) == len(summary.rows)
    assert len(data["fronts"]) == 1 + 10
    assert len(data["slopes"]) == 6
    assert data["step"]["parts"]["backward"] == [6.0] * 4
    assert len(data["kinds"]["names"]) == 4
    assert [sum(bar) for bar in zip(*data["phases"]["parts"].values(), strict=True)] == [pytest.approx(420.0)] * 6


def test_the_front_of_each_pair_of_axes_is_that_of_the_summary(page: Page, summary: Summary) -> None:
    data = json.loads(page.scripts["data"])
    for shown, front in zip(data["fronts"], summary.ask(fronts), strict=True):
        assert [summary.rows[place] for place in shown["dots"]] == list(front.rows)


def test_the_answer_comes_first(text: str, summary: Summary) -> None:
    lead = text.index("has the highest mean accuracy at 10 labels")
    assert lead < text.index("Accuracy by label budget</h2>")
    for answer in summary.ask(best):
        assert answer.best is not None
        assert f"{answer.best.accuracy.mean * 100:.1f} %</b>" in text


def test_a_crossover_is_told_as_a_sentence_and_in_the_heat_map(page: Page, summary: Summary) -> None:
    maps = [table for table in page.tables if table and table[0][0] == "" and len(table[0]) > 2]
    assert [each.found.side for each in summary.ask(overtakings)] == ["crosses", "crosses"]
    for shown, each in zip(maps, summary.ask(crossings), strict=True):
        settings, *rows = shown[0][1:], *shown[1:]
        assert tuple(settings) == each.settings
        for first, *texts in rows:
            for second, text in zip(settings, texts, strict=True):
                found = each.found.get((first, second))
                assert text == (told(found.found) if found else "")
    for line in overtaking_lines(summary):
        assert line in page.text


def test_every_cell_without_a_number_is_told_with_its_reason(page: Page) -> None:
    rows = page.table("status", "cell", "reason")
    assert {(row[0], row[2]) for row in rows} == {
        (status, f"why it {status}") for status in ("failed", "oom", "timeout", "diverged", "skipped")
    }


def test_a_cell_has_its_whole_record(page: Page, summary: Summary) -> None:
    cells = json.loads(page.unpacked("packed-records"))
    assert [Record(**each["record"]) for each in cells.values()] == list(summary.records)


def test_a_cell_has_its_curves(page: Page, summary: Summary, run_folder: Path) -> None:
    cells = json.loads(page.unpacked("packed-records"))
    numbers = np.frombuffer(page.unpacked("packed-curves"), "<u2").astype(np.int64)
    tuned = next(record for record in summary.records if record.method == "finetune")
    assert set(cells[tuned.cell_id]["curves"]) == set(NAMES)
    with np.load(run_folder / str(tuned.side_file)) as file:
        for name, header in cells[tuned.cell_id]["curves"].items():
            start, count = header["from"], header["points"]
            steps = numbers[start : start + count] * header["stride"]
            values = header["low"] + numbers[start + count : start + 2 * count] / 65534 * (
                header["high"] - header["low"]
            )
            assert values == pytest.approx(file[name][steps], abs=(header["high"] - header["low"]) / 65534)
    assert cells[tuned.cell_id]["steps"] == [40, 80, 120, 160, 200]


FIELDS = ("backbone", "weights", "method", "dataset", "device", "precision", "reason", "cell_id", "budget")


@pytest.mark.parametrize("text", [HOSTILE, BREAKING])
def test_no_text_of_a_record_becomes_part_of_the_page(text: str, tmp_path: Path) -> None:
    """Every text of a record, of the manifest and of the environment."""
    named = page_runs.cells(
        ["resnet18"],
        ["finetune", "linear_probe"],
        [10, 100],
        2,
        **dict.fromkeys(("weights", "dataset", "device"), text),
    )
    bad = [dataclasses.replace(record, backbone=text, budget=text) for record in named]
    failed = [dataclasses.replace(each, **dict.fromkeys(FIELDS, text)) for each in page_runs.unfinished()[:1]]
    folder = page_runs.write_run(tmp_path, [*bad, *failed], suite=text, description=text, command=text, suite_text=text)
    page = Page(render(read_summary(folder), folder))
    assert not [tag for tag, _ in page.tags if tag in ("img", "iframe", "object", "embed")]
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert len([tag for tag, _ in page.tags if tag == "script"]) == len(page.scripts) == 5
    assert any(text in row for table in page.tables for row in table)
    assert json.loads(page.scripts["data"])["dots"][0]["dataset"] == text


def test_the_pages_of_cells_end_where_the_file_would_grow_too_large(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for module in ("cell_pages", "cell_table"):
        monkeypatch.setattr(f"bench.reports.page.{module}.MOST", 4)
    folder = page_runs.write_run(tmp_path, page_runs.cells(["resnet18"], ["finetune"], [10, 100], 3))
    text = render(read_summary(folder), folder)
    assert len(json.loads(Page(text).unpacked("packed-records"))) == 4
    assert "2 more cells are in the run's records" in text


def test_every_section_has_an_anchor_of_its_own(page: Page, summary: Summary) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {section.anchor for section in shown_sections(summary)} <= set(ids)
    targets = {
        str(attributes["href"])[1:] for tag, attributes in page.tags if tag == "a" and "cell=" not in str(attributes)
    }
    assert targets <= set(ids)


def test_an_installed_package_holds_the_files_of_the_page() -> None:
    """Whatever in the package is no module is named as its data."""
    root = Path(bench.__file__).parent
    settings: dict[str, Any] = tomllib.loads((root.parent / "pyproject.toml").read_text())
    patterns = settings["tool"]["setuptools"]["package-data"]
    others = [path for path in root.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")]
    assert others
    for path in others:
        package = ".".join(("bench", *path.parent.relative_to(root).parts))
        assert (path.parent / "__init__.py").is_file()
        assert any(fnmatch(path.name, pattern) for pattern in patterns.get(package, [])), path


def test_several_runs_keep_the_curves_of_their_cells(tmp_path: Path) -> None:
    """Each cell's are read from the folder of the run it is of, wherever the report goes."""
    folders = []
    for place, backbone in enumerate(("resnet18", "vit_tiny")):
        cells = page_runs.cells([backbone], ["finetune"], [10, 100], 2)
        named = [dataclasses.replace(each, cell_id=f"{place}{each.cell_id[1:]}") for each in cells]
        folders.append(page_runs.write_run(tmp_path / backbone, named))
    text = render(read(folders).summary, tmp_path / "elsewhere")
    cells = json.loads(Page(text).unpacked("packed-records"))
    assert len(cells) == 8
    assert all(set(each["curves"]) == set(NAMES) for each in cells.values())
    assert str(tmp_path) not in text
