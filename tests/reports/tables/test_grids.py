"""Tables of the user's choice: one text per figure for people, full precision for programs."""

import csv
import io
import json
from typing import Any

import pytest

from bench.answers.against import against_frozen
from bench.answers.crosstab import Grid, Line
from bench.reports.tables.formatting import points, worded
from bench.reports.tables.grids import GRID_FORMATS, entry_text, is_share, render_grids
from bench.statistics.intervals import Estimate
from tests.material import compared
from tests.material.summaries import a_summary

ACCURACY = Estimate(0.51, 0.0248, 3)


def a_grid(*entries: Any, metric: str = "accuracy", heads: tuple[str, ...] = ("digits", "glyphs")) -> Grid:
    """A table of one line."""
    return Grid(metric, metric, ("method",), heads, (Line(("finetune",), entries),), ("A note.",))


@pytest.mark.parametrize(
    ("entry", "metric", "text"),
    [
        (None, "accuracy", "missing"),
        (ACCURACY, "accuracy", "51.0 ± 2.5 (3)"),
        (ACCURACY, "val_accuracy", "51.0 ± 2.5 (3)"),
        (Estimate(0.51, None, 1), "accuracy_per_s", "0.51 (1)"),
        (Estimate(1234.5, 20.25, 3), "throughput", "1,234 ± 20.2 (3)"),
        (0.012345, "mfu", "0.0123"),
        (3.0, "mean rank", "3"),
        (12.34, "total_s", "12.3"),
        (650, "trainable_params", "650"),
        ("oom", "accuracy", "oom"),
        ([0, 1, 2], "seeds", "[0, 1, 2]"),
    ],
)
def test_an_entry_is_rounded_by_its_size(entry: Any, metric: str, text: str) -> None:
    assert entry_text(entry, metric) == text


def test_a_verdict_is_told_in_words() -> None:
    *_, verdict = compared.a_summary().ask(against_frozen)
    assert entry_text(verdict, "accuracy") == f"{points(verdict)} {worded(verdict)}"


def test_only_accuracies_are_shares() -> None:
    assert is_share("accuracy")
    assert is_share("worst_class_accuracy")
    assert not is_share("accuracy_per_s")
    assert not is_share("mfu")


@pytest.mark.parametrize("format_", ["console", "md", "latex", "html"])
def test_people_read_per_cent_and_the_notes(format_: str) -> None:
    text = render_grids([a_grid(ACCURACY, None)], format_)
    assert "51.0" in text
    assert "missing" in text
    assert ("A note." in text) == (format_ != "latex")


@pytest.mark.parametrize("format_", GRID_FORMATS)
def test_several_tables_stand_in_one_text(format_: str) -> None:
    one, other = a_grid(ACCURACY, 1), a_grid(2, 3, metric="throughput")
    text = render_grids([one, other], format_)
    assert text.index("accuracy") < text.index("throughput")


def test_programs_get_every_digit() -> None:
    grid = a_grid(ACCURACY, 0.1 + 0.2)
    ((row,),) = [list(csv.DictReader(io.StringIO(render_grids([grid], "csv"))))]
    assert (float(row["digits"]), float(row["digits_half_width_95"]), row["digits_n"]) == (0.51, 0.0248, "3")
    assert float(row["glyphs"]) == 0.1 + 0.2
    (table,) = json.loads(render_grids([grid], "json"))["tables"]
    (line,) = table["lines"]
    assert line == {
        "method": "finetune",
        "figures": {"digits": {"mean": 0.51, "half_width_95": 0.0248, "n": 3}, "glyphs": 0.1 + 0.2},
    }
    assert table["notes"] == ["A note."]


def test_a_verdict_has_all_its_numbers_for_programs() -> None:
    """One that was not tested has its reason in their place."""
    *_, tested = compared.a_summary().ask(against_frozen)
    untested, *_ = a_summary().ask(against_frozen)
    (table,) = json.loads(render_grids([a_grid(tested, untested)], "json"))["tables"]
    figures = table["lines"][0]["figures"]
    assert tested.difference is not None
    assert figures["digits"] == {
        "difference": tested.difference.mean,
        "low": tested.interval and tested.interval[0],
        "high": tested.interval and tested.interval[1],
        "level": tested.level,
        "p_corrected": tested.p,
        "question": "methods",
        "one_of": 3,
        "word": "better",
        "reason": None,
    }
    nothing = dict.fromkeys(("difference", "low", "high", "level", "p_corrected", "question", "one_of"))
    assert figures["glyphs"] == {**nothing, "word": "not tested", "reason": "predictions are missing"}
    (row,) = csv.DictReader(io.StringIO(render_grids([a_grid(tested, untested)], "csv")))
    assert (float(row["digits"]), row["digits word"], row["glyphs"]) == (tested.difference.mean, "better", "")
