"""The summary as CSV: a line per row, in full precision."""

import csv
import io
from pathlib import Path

import pytest

from bench.answers.summary import summarise
from tests.material.summaries import MANIFEST, PROFILED, a_summary, records, render


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


def test_csv_has_a_column_for_each_part_of_a_profile_and_gaps_where_there_is_none(tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(render("csv", a_summary(PROFILED), tmp_path))))
    by_method = {row["method"]: row for row in rows}
    assert by_method["mlp_probe"]["anatomy_ms_backward"] == "6.0"
    assert by_method["mlp_probe"]["memory_mib_by_kind_activations"] == "12.0"
    assert (by_method["finetune"]["anatomy_ms_backward"], by_method["finetune"]["latency_1_ms"]) == ("", "")
