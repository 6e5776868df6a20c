"""`bench report` and `bench leaderboard`: printed, written where it belongs, refused where nothing is meant."""

import csv
import io
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from bench.answers.crosstab import KEYS
from bench.answers.reading import read_summary
from bench.catalog import REPORTS
from bench.errors import Exit
from bench.records.store import Store
from bench.reports.reporting import WRITTEN, report_file, write_reports
from bench.reports.tables.grids import GRID_FORMATS
from tests.material import compared
from tests.material.command_line import Command
from tests.material.examples import a_record
from tests.material.summaries import MANIFEST, records


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of two methods on two data sets, three seeds each."""
    store = Store(tmp_path / "run")
    with store.writing() as writer:
        for method, accuracy in (("linear_probe", 0.5), ("finetune", 0.6)):
            for dataset in ("digits", "glyphs"):
                for seed in range(3):
                    writer.append(
                        a_record(
                            cell_id=f"{method}{dataset}{seed}",
                            method=method,
                            dataset=dataset,
                            seed=seed,
                            accuracy=accuracy + seed / 100,
                            dataset_fingerprint=dataset,
                        )
                    )
    store.update_manifest({"suite": "example"})
    return store.folder


def files(folder: Path) -> set[str]:
    """Return the names of what reports wrote."""
    return {path.name for path in folder.iterdir()} - {"records.jsonl", "manifest.json", ".lock"}


@pytest.mark.parametrize("format_", REPORTS.names())
def test_report_is_printed_and_written_beside_the_records(bench: Command, run: Path, format_: str) -> None:
    said = bench("report", run, "--format", format_)
    assert said.code == 0, said.err
    (name,) = {name for name in files(run) if name.startswith("report.")}
    contents = (run / name).read_bytes()
    if format_ == "parquet":
        assert parquet.read_table(io.BytesIO(contents)).num_rows == 4
        assert said.out == f"written: {run / name}\n"
    else:
        assert contents.decode().strip() == said.out.strip()


def test_report_of_several_runs_is_only_printed_where_no_folder_is_given(
    bench: Command, run: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    with Store(other).writing() as writer:
        writer.append(a_record(cell_id="x", dataset="digits", dataset_fingerprint="digits", backbone="other"))
    said = bench("report", run, other)
    assert (said.code, files(run), files(other)) == (0, set(), set())
    assert "other" in said.out
    said = bench("report", run, other, "--format", "md", "--out", tmp_path / "both")
    assert files(tmp_path / "both") == {"report.md", "accuracy.svg", "pareto.svg"}
    said = bench("report", run, other, "--format", "md")
    assert "accuracy.svg, pareto.svg: not kept; give --out FOLDER" in said.err
    said = bench("report", run, other, "--format", "parquet")
    assert (said.code, said.out) == (2, "")
    assert "give --out FOLDER" in said.err


def test_runs_that_are_not_comparable_are_refused(bench: Command, run: Path, tmp_path: Path) -> None:
    """Exit code 5 and the field's name; nothing is printed."""
    with Store(tmp_path / "other").writing() as writer:
        writer.append(a_record(cell_id="x", dataset="digits", dataset_fingerprint="others"))
    said = bench("report", run, tmp_path / "other")
    assert (said.code, said.out) == (Exit.NOT_COMPARABLE, "")
    assert "digits: dataset_fingerprint (data) differs: digits in" in said.err
    apart = bench("report", run, tmp_path / "other", "--filter", "dataset=glyphs")
    assert apart.code == 0, apart.err


def test_a_filtered_report_does_not_take_the_place_of_the_whole(bench: Command, run: Path) -> None:
    said = bench("report", run, "--filter", "method=finetune")
    assert said.code == 0
    assert "linear_probe" not in said.out
    assert files(run) == set()


@pytest.mark.parametrize("format_", GRID_FORMATS)
@pytest.mark.parametrize(
    "asked",
    [
        ["report", "--rows", "backbone,method", "--columns", "dataset"],
        ["report", "--pivot", "between=method"],
        ["leaderboard", "--method", "all"],
    ],
    ids=lambda asked: asked[0] + asked[1],
)
def test_tables_agree_with_the_records_in_every_format(
    bench: Command, run: Path, format_: str, asked: list[str]
) -> None:
    """The mean of 0.50, 0.51 and 0.52, in full or rounded."""
    verb, *options = asked
    said = bench(verb, run, *options, "--format", format_)
    assert said.code == 0, said.err
    for shown in ("0.51", "0.61") if format_ in ("csv", "json") else ("51.0", "61.0"):
        assert shown in said.out
    assert files(run) == set()


def test_table_for_programs_is_in_full(bench: Command, run: Path) -> None:
    options = ["--rows", "method", "--columns", "dataset"]
    document = bench("report", run, *options, "--format", "json").json
    assert (document["format"], document["version"]) == ("transferbench tables", 2)
    (table,) = document["tables"]
    figure = table["lines"][0]["figures"]["digits"]
    rows = list(csv.DictReader(io.StringIO(bench("report", run, *options, "--format", "csv").out)))
    assert rows[0]["method"] == table["lines"][0]["method"] == "linear_probe"
    assert (float(rows[0]["digits"]), int(rows[0]["digits_n"])) == (figure["mean"], 3)
    assert float(rows[0]["digits_half_width_95"]) == figure["half_width_95"]


def test_verdicts_of_a_pivot_are_in_full(bench: Command, run: Path) -> None:
    (table,) = bench("report", run, "--pivot", "between=method", "--format", "json").json["tables"]
    (told,) = [value for head, value in table["lines"][0]["figures"].items() if "minus" in head]
    assert {name: value for name, value in told.items() if value is not None} == {
        "word": "not tested",
        "reason": "predictions are missing",
    }


def test_table_is_written_where_out_says(bench: Command, run: Path, tmp_path: Path) -> None:
    out = tmp_path / "tables"
    said = bench("report", run, "--metric", "throughput", "--format", "latex", "--out", out)
    assert (out / "table.tex").read_text().strip() == said.out.strip()
    bench("leaderboard", run, "--format", "html", "--out", out)
    assert files(out) == {"table.tex", "leaderboard.html"}


def test_page_of_a_table_escapes_what_came_from_a_file(bench: Command, tmp_path: Path) -> None:
    """And asks no network for anything."""
    with Store(tmp_path / "run").writing() as writer:
        writer.append(a_record(backbone="<script>alert(1)</script>", dataset='"><img src=x>'))
    said = bench("leaderboard", tmp_path / "run", "--format", "html")
    assert "<script" not in said.out
    assert "<img" not in said.out
    assert "&lt;script&gt;" in said.out
    assert "http" not in said.out


def test_missing_cells_of_a_leaderboard_are_called_missing(bench: Command, run: Path) -> None:
    with Store(run).writing() as writer:
        writer.append(a_record(cell_id="x", dataset="digits", dataset_fingerprint="digits", backbone="other"))
    said = bench("leaderboard", run, "--method", "linear_probe")
    (line,) = [line for line in said.out.splitlines() if line.startswith("other")]
    assert line.split()[-1] == "missing"
    assert "The mean rank is over what all lines have: digits." in said.out


BAD: list[tuple[list[Any], str]] = [
    (["report"], "RUN"),
    (["report", "run", "--format", "jsno"], "did you mean json"),
    (["report", "run", "--rows", "metod"], "--rows: unknown key 'metod'; did you mean method"),
    (["report", "run", "--columns", "buget"], "--columns: unknown key 'buget'; did you mean budget"),
    (["report", "run", "--metric", "acuracy"], "did you mean accuracy"),
    (["report", "run", "--pivot", "method"], "write between=KEY"),
    (["report", "run", "--pivot", "between=method", "--rows", "backbone"], "leave out --rows"),
    (["report", "run", "--rows", "method", "--format", "parquet"], "tables of your choice come as"),
    (["report", "run", "--filter", "backbone"], "write KEY=GLOB"),
    (["report", "run", "nowhere"], "nowhere: no records.jsonl there"),
    (["leaderboard", "run", "--budget", "6 per class"], "did you mean 5 per class"),
    (["leaderboard", "run", "--method", "finetun"], "did you mean finetune"),
    (["leaderboard", "nowhere"], "no records.jsonl there"),
    (["recommend", "run"], "--labels"),
    (["recommend", "run", "--labels", "-1"], "--labels"),
    (["recommend", "run", "--labels", "50"], "choose one with --dataset"),
    (["recommend", "run", "--labels", "50", "--dataset", "digit"], "did you mean digits"),
    (["recommend", "run", "--labels", "50", "--min-throughput", "nan"], "--min-throughput"),
    (["recommend", "run", "--labels", "50", "--max-latency", "inf"], "--max-latency"),
    (["recommend", "run", "--labels", "50", "--max-memory", "much"], "--max-memory=much: write a size"),
]


@pytest.mark.parametrize(("arguments", "said"), BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_mistake_is_told_with_what_there_is(bench: Command, run: Path, arguments: list[Any], said: str) -> None:
    """Exit code 2, nothing on stdout, no traceback."""
    answer = bench(*(run if each == "run" else each for each in arguments))
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_recommendation_reads_several_runs_and_both_answers_exit_with_0(
    bench: Command, run: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    with Store(other).writing() as writer:
        for seed in range(3):
            writer.append(
                a_record(cell_id=f"x{seed}", dataset_fingerprint="digits", backbone="best", seed=seed, accuracy=0.99)
            )
    found = bench("recommend", run, other, "--labels", "60", "--dataset", "digits")
    assert found.code == 0, found.err
    assert "60 labels were not measured; read off at 50." in found.out
    assert "best: linear_probe" in found.out
    none = bench("recommend", run, other, "--labels", "60", "--dataset", "digits", "--min-throughput", "1e9")
    assert none.code == 0
    assert none.out.startswith("60 labels were not measured; read off at 50.\nNo: nothing measured")


def test_a_manifest_that_is_no_json_is_named(bench: Command, run: Path) -> None:
    (run / "manifest.json").write_text("{")
    said = bench("report", run)
    assert said.code == 2
    assert "manifest.json: no JSON" in said.err
    assert json.loads((run / "records.jsonl").read_text().splitlines()[0])["dataset"] == "digits"


GUIDE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")
SHOWN = [line for line in GUIDE.splitlines() if line.startswith("bench ")]


@pytest.mark.parametrize("command", SHOWN)
def test_commands_of_the_guide_do_what_it_says(bench: Command, run: Path, tmp_path: Path, command: str) -> None:
    """On a run that has what they name."""
    with Store(run).writing() as writer:
        for seed in range(3):
            common = {"dataset_fingerprint": "digits", "budget": "1000 labels", "n_labels": 1000, "seed": seed}
            for weights, digest in (("random", "a" * 64), ("supervised@glyphs", "b" * 64)):
                writer.append(a_record(cell_id=f"{weights}{seed}", weights=weights, weights_sha256=digest, **common))
    words = shlex.split(command.partition("  #")[0])[1:]
    said = bench(*(run if word.startswith("results/") and word != "results/both" else word for word in words))
    assert said.code == 0, said.err
    assert said.out


def test_guide_names_every_format_and_key() -> None:
    for name in (*REPORTS.names(), *KEYS, *GRID_FORMATS):
        assert f"`{name}`" in GUIDE, name


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


def test_reports_are_written_beside_the_records(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.writing() as writer:
        for record in records():
            writer.append(record)
    store.update_manifest({**MANIFEST, "cells": [record.cell_id for record in records()]})
    written = write_reports(read_summary(tmp_path), tmp_path)
    assert set(written) == set(WRITTEN) & set(REPORTS.names())
    for name, contents in written.items():
        assert (tmp_path / report_file(name)).read_text(encoding="utf-8") == contents


def test_user_asks_for_targets_of_their_own(bench: Command, tmp_path: Path) -> None:
    """Each stands in the report; what is no accuracy is refused with the range."""
    lines = [json.dumps(record.to_json()) for record in compared.a_run()[0]]
    (tmp_path / "records.jsonl").write_text("\n".join(lines) + "\n")
    told = bench("report", tmp_path, "--format", "md", "--target", "0.6", "--target", "0.7").out
    assert "60.0 (asked for)" in told
    assert "70.0 (asked for)" in told
    assert "90.0 (asked for)" not in told
    assert "90.0 (asked for)" in bench("report", tmp_path, "--format", "md").out
    refused = bench("report", tmp_path, "--target", "90")
    assert refused.code == 2
    assert "--target" in refused.err
