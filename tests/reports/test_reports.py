"""Renderings of a summary: complete, escaped, and the same bytes twice."""

import csv
import dataclasses
import io
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from bench.answers.notes import notes
from bench.answers.reading import read_summary, right_of
from bench.answers.summary import summarise
from bench.catalog import REPORTS
from bench.errors import BenchError
from bench.records.record import Record
from bench.records.store import Store
from bench.reports.figures.accuracy import accuracy_curves
from bench.reports.reporting import WRITTEN, report_file, write_reports
from bench.reports.tables.accuracy import accuracy_table
from bench.reports.tables.environment import environment_rows
from bench.reports.tables.formatting import heading, number, percent, plain
from bench.reports.tables.sentences import overtaking_lines
from bench.statistics.intervals import Estimate
from tests.material.examples import a_record
from tests.material.summaries import MANIFEST, PROFILED, UNFINISHED, a_summary, records, render, table_of


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


def test_csv_has_a_line_per_row_and_three_columns_per_estimate(tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(render("csv", a_summary(), tmp_path))))
    assert len(rows) == 4
    first = rows[0]
    assert (float(first["accuracy"]), int(first["accuracy_n"])) == (pytest.approx(0.51), 3)
    assert float(first["accuracy_half_width_95"]) == pytest.approx(4.302652729911275 * 0.01 / 3**0.5)
    assert first["seeds"] == "0 1 2"
    assert first["peak_cuda_allocated_mib"] == ""


@pytest.mark.parametrize("text", ['a,"b"', "two\nlines", "; x"])
def test_csv_gives_back_any_text(text: str, tmp_path: Path) -> None:
    summary = summarise(records(backbone=text), MANIFEST)
    rows = csv.DictReader(io.StringIO(render("csv", summary, tmp_path)))
    assert {row["backbone"] for row in rows} == {text}


def test_the_picture_is_the_same_bytes_for_the_same_numbers(tmp_path: Path) -> None:
    one, other = (accuracy_curves(a_summary(), tmp_path / name).read_bytes() for name in ("one", "other"))
    assert one == other
    changed = summarise([dataclasses.replace(record, accuracy=0.3) for record in records()], MANIFEST)
    assert accuracy_curves(changed, tmp_path / "changed").read_bytes() != one


def test_the_picture_is_an_svg(tmp_path: Path) -> None:
    root = ElementTree.parse(accuracy_curves(a_summary(), tmp_path)).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (None, "-"),
        (Estimate(0.5, None, 1), "50.0 (1)"),
        (Estimate(0.5, 0.0123, 3), "50.0 ± 1.2 (3)"),
        (Estimate(1.0, 0.0, 5), "100.0 ± 0.0 (5)"),
    ],
)
def test_an_accuracy_is_written_in_per_cent(estimate: Estimate | None, text: str) -> None:
    assert percent(estimate) == text


def test_what_was_not_measured_is_a_dash() -> None:
    assert number(None) == "-"
    assert number(Estimate(1234.56, 1.0, 3), 1) == "1,234.6"


def test_a_budget_is_headed_by_its_count_of_labels() -> None:
    assert heading(("1 %", 1000)) == "1 % (1,000 labels)"
    assert heading(("200 labels", 200)) == "200 labels"


def test_a_count_of_labels_is_not_written_twice() -> None:
    assert heading(("1000 labels", 1000)).count("labels") == 1


def test_a_setting_without_a_cell_is_a_dash() -> None:
    lonely = a_record(cell_id="lonely", method="mlp_probe")
    headers, cells = accuracy_table(a_summary(lonely).blocks[0])
    assert headers[1:] == ["5 per class (50 labels)", "100 per class (1,000 labels)"]
    assert [row[1:] for row in cells if row[0].startswith("mlp_probe")] == [["90.0 (1)", "-"]]


def test_frozen_and_tuned_are_only_paired_from_the_same_start() -> None:
    _, cells = table_of("frozen", a_summary())
    assert [row[2] for row in cells] == ["50", "1,000"]
    assert {row[5] for row in cells} == {"+10.0"}
    apart = [dataclasses.replace(record, weights_sha256=record.method) for record in records()]
    assert table_of("frozen", summarise(apart, MANIFEST))[1] == []


def test_each_method_costs_at_its_largest_budget() -> None:
    headers, cells = table_of("cost", a_summary())
    assert [row[2] for row in cells] == ["1,000", "1,000"]
    assert {len(row) for row in cells} == {len(headers)}


def test_a_step_behind_a_cached_part_is_told_from_a_whole_one() -> None:
    cached = a_record(cell_id="x", method="partial_finetune", frozen_part="up to layer3", n_labels=2000)
    extracted = a_record(cell_id="y", method="mlp_probe", frozen_part="features", throughput_of="extraction")
    _, cells = table_of("cost", a_summary(cached, extracted))
    kinds = {row[1].partition(" ")[0]: row[4] for row in cells}
    assert kinds["partial_finetune"] == "training (up to layer3 cached)"
    assert (kinds["mlp_probe"], kinds["finetune"]) == ("extraction", "training")


def test_the_inside_of_a_step_is_shown_where_it_was_measured() -> None:
    headers, cells = table_of("step", a_summary(PROFILED))
    (row,) = cells
    shown = dict(zip(headers, row, strict=True))
    assert shown["method (initial weights)"] == "mlp_probe (supervised@glyphs)"
    assert (shown["data, ms"], shown["backward, ms"], shown["bound by"]) == ("0.5", "6.0", "compute")
    assert (shown["weights, MiB"], shown["activations, MiB"]) == ("1.5", "12.0")
    assert (shown["GFLOP, forward"], shown["MFU, %"]) == ("0.008", "12.5")
    assert (shown["latency of 1, ms"], shown["of 64, ms"]) == ("1.2", "20.0")
    assert shown["accuracy above chance per s, points"] == "25"


def test_a_solved_probe_has_dashes_for_the_parts_of_a_step() -> None:
    solved = dataclasses.replace(PROFILED, anatomy_ms=None, memory_mib_by_kind=None, bound_by=None, mfu=None)
    headers, (row,) = table_of("step", a_summary(solved))
    assert row.count("-") == 5 + 1 + 4 + 1
    assert dict(zip(headers, row, strict=True))["of 64, ms"] == "20.0"


def test_the_profile_is_that_of_the_largest_budget_that_has_one() -> None:
    larger = dataclasses.replace(PROFILED, cell_id="x", n_labels=500, budget="50 per class", latency_ms={"1": 9.0})
    _, cells = table_of("step", a_summary(PROFILED, larger))
    assert [row[-3] for row in cells] == ["9.0"]


def test_the_inside_of_a_step_is_left_out_where_nothing_was_profiled(tmp_path: Path) -> None:
    assert "## Inside a step" in render("md", a_summary(PROFILED), tmp_path)
    assert "Inside a step" not in render("md", a_summary(), tmp_path)


def test_csv_has_a_column_for_each_part_of_a_profile_and_gaps_where_there_is_none(tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(render("csv", a_summary(PROFILED), tmp_path))))
    by_method = {row["method"]: row for row in rows}
    assert by_method["mlp_probe"]["anatomy_ms_backward"] == "6.0"
    assert by_method["mlp_probe"]["memory_mib_by_kind_activations"] == "12.0"
    assert (by_method["finetune"]["anatomy_ms_backward"], by_method["finetune"]["latency_1_ms"]) == ("", "")


@pytest.mark.parametrize(("value", "text"), [(None, "-"), (0.0, "0.0"), (1234.56, "1,234.6")])
def test_a_plain_number_is_rounded(value: float | None, text: str) -> None:
    assert plain(value, 1) == text


def test_optimism_is_the_best_on_test_minus_the_reported() -> None:
    _, cells = table_of("oracle", a_summary())
    assert len(cells) == 4
    assert {row[5] for row in cells if row[1].startswith("linear_probe")} == {"+41.0"}


def test_every_check_has_its_verdict() -> None:
    _, cells = table_of("audit", a_summary(a_record(cell_id="x", seed=8, audit={"own_check": False})))
    verdicts = {row[0]: row[1] for row in cells}
    assert verdicts["own_check"] == "FAIL"
    assert verdicts["what is frozen is bit for bit unchanged"] == "pass"


def test_every_unfinished_cell_is_listed() -> None:
    _, cells = table_of("unfinished", a_summary(UNFINISHED))
    assert cells == [["oom", "test_resnet supervised@glyphs linear_probe 5 per class seed 7", "CUDA out of memory"]]


def test_seeds_that_lack_a_number_for_one_reason_stand_together() -> None:
    """A page of forty lines that say the same is not read."""
    others = [dataclasses.replace(UNFINISHED, cell_id=f"oom {seed}", seed=seed) for seed in (8, 9)]
    apart = dataclasses.replace(UNFINISHED, cell_id="slow", seed=10, reason="too slow")
    _, cells = table_of("unfinished", a_summary(UNFINISHED, *others, apart))
    assert [cell[1].rpartition("per class ")[2] for cell in cells] == ["seeds 7; 8; 9", "seed 10"]


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


def test_a_folder_without_records_has_no_report(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"no records\.jsonl there; give the folder of a run"):
        read_summary(tmp_path)


def test_a_record_of_json_renders_like_the_record(tmp_path: Path) -> None:
    again = [Record(**json.loads(json.dumps(record.to_json()))) for record in records()]
    assert render("md", summarise(again, MANIFEST), tmp_path) == render("md", a_summary(), tmp_path)


TRIALS = [
    {"settings": {"learning_rate": rate}, "val_accuracy": value, "share": 1.0, "seconds": 1.0}
    for rate, value in ((0.1, 0.9), (0.2, 0.4), (0.3, 0.6))
]


def test_tuning_is_told_with_what_it_cost_and_what_hangs_on_it(tmp_path: Path) -> None:
    """Best, middle and worst on validation; optimism is best on validation over test; edges are counted."""
    tuned = a_record(
        search="random", trials=TRIALS, accuracy=0.7, tune_s=3.0, chosen={"tuned_edges": ["learning_rate"]}
    )
    summary = summarise([tuned], MANIFEST)
    headers, ((*_, trials, seconds, best, middle, worst, test, optimism, _, edges),) = table_of("tuning", summary)
    assert len(headers) == 12
    assert (trials, seconds, best, middle, worst, test) == (
        "3 (random)",
        "3.0",
        "90.0 (1)",
        "60.0 (1)",
        "40.0 (1)",
        "70.0 (1)",
    )
    assert (optimism, edges) == ("+20.0", "learning_rate 1 of 1")
    assert any("at the edge of what was tried" in note for note in summary.ask(notes))
    assert "## Tuning" in render("md", summary, tmp_path)
    (line,) = csv.DictReader(io.StringIO(render("csv", summary, tmp_path)))
    assert (line["tried_best"], line["tried_search"], line["tried_edges_learning_rate"]) == ("0.9", "random", "1")
    assert "](sensitivity.svg)" in render("md", summary, tmp_path)
    ElementTree.parse(tmp_path / "sensitivity.svg")
    assert "## Tuning" not in render("md", a_summary(), tmp_path)


def test_methods_with_and_without_tuning_are_not_on_equal_terms() -> None:
    """It is said where they stand in one table."""
    tuned = a_record(cell_id="tuned", method="scratch", search="random", trials=TRIALS)
    assert any("not on equal terms" in note for note in a_summary(tuned).ask(notes))
    assert not any("not on equal terms" in note for note in a_summary().ask(notes))


def test_scores_and_their_ranks_are_shown(tmp_path: Path) -> None:
    """Three backbones whose scores are in the order of their accuracies; a score that lacks is a dash."""
    made = [
        a_record(
            cell_id=name,
            backbone=name,
            method="linear_probe",
            accuracy=accuracy,
            transferability={"logme": score, "leep": None},
        )
        for name, accuracy, score in (("a", 0.5, -1.0), ("b", 0.6, -0.5), ("c", 0.7, 0.25))
    ]
    summary = summarise(made, MANIFEST)
    headers, cells = table_of("scores", summary)
    assert headers[-1] == "logme"
    assert [row[-1] for row in cells] == ["-1.000", "-0.500", "0.250"]
    _, ((*_, starts, tau),) = table_of("score_ranks", summary)
    assert (starts, tau) == ("3", "+1.00")
    assert "Did the scores rank the starts?" in render("md", summary, tmp_path)


def test_verdicts_stand_beside_the_differences(tmp_path: Path) -> None:
    """Better, with its interval and p; a sentence says from how many labels on."""
    made = records()
    generator = np.random.default_rng(0)
    right = {record.cell_id: generator.random(4000) < (record.accuracy or 0) for record in made}
    summary = summarise(made, MANIFEST, right.get)
    verdicts = [row[-1] for row in table_of("frozen", summary)[1]]
    assert len(verdicts) == 2
    assert all(word.startswith("better (p") for word in verdicts)
    assert {row[-1].partition(" ")[0] for row in table_of("best", summary)[1]} == {"worse"}
    (line,) = overtaking_lines(summary)
    assert "finetune (supervised@glyphs) is ahead of linear_probe (supervised@glyphs) at every budget" in line
    assert line in render("md", summary, tmp_path)
    assert line in render("console", summary, tmp_path)


@pytest.mark.parametrize("name", REPORTS.names())
def test_what_an_environment_lacks_is_unknown(name: str, tmp_path: Path) -> None:
    summary = dataclasses.replace(a_summary(), environments={"here": {}})
    assert render(name, summary, tmp_path)
    assert environment_rows(summary)[0] == "`here`: unknown, unknown cores, unknown GiB, unknown"


def test_without_predictions_nothing_is_called_better(tmp_path: Path) -> None:
    """The gap of the means is shown, the reason in place of a word."""
    summary = a_summary()
    assert {row[-1] for row in table_of("frozen", summary)[1]} == {"not tested: predictions are missing"}
    assert overtaking_lines(summary) == []
    assert "+10.0" in render("md", summary, tmp_path)


def test_predictions_are_read_from_the_side_files(tmp_path: Path) -> None:
    """And a broken or missing one is no prediction."""
    store = Store(tmp_path)
    labels = np.arange(6)
    with store.writing() as writer:
        name = writer.write_side_file("whole", {"labels": labels, "predictions": np.array([0, 1, 2, 0, 0, 0])})
    (tmp_path / "cells" / "torn.npz").write_bytes((tmp_path / name).read_bytes()[:40])
    kept = {
        cell: a_record(cell_id=cell, side_file=file)
        for cell, file in (("whole", name), ("torn", "cells/torn.npz"), ("gone", "cells/gone.npz"), ("none", None))
    }
    right = right_of(store, kept)
    found = right("whole")
    assert found is not None
    assert found.tolist() == [True, True, True, False, False, False]
    assert [right(cell) for cell in ("torn", "gone", "none", "unknown")] == [None] * 4
