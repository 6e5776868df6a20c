"""What the charts of the page draw is what the summary holds."""

import dataclasses

import pytest

from bench.answers.pareto import AXES, fronts
from bench.answers.rows.phase_memory import BEFORE
from bench.reports.page.chart_data import LINES_AT_FIRST, chart_data
from bench.reports.tables.formatting import percent
from tests.material import compared
from tests.material.examples import a_record
from tests.material.summaries import PROFILED, a_summary, summary_of


def test_lines_are_in_per_cent_with_their_interval() -> None:
    summary = a_summary()
    data = chart_data(summary)
    (block,) = summary.blocks
    for line in data.lines:
        rows = block.by_setting[line.setting]
        assert line.labels == tuple(row.n_labels for row in rows)
        assert line.mean == tuple(row.accuracy.mean * 100 for row in rows)
        assert line.told == tuple(percent(row.accuracy) for row in rows)


def test_no_interval_leaves_what_an_accuracy_can_be() -> None:
    (line,) = chart_data(summary_of(a_record(accuracy=1.0), a_record(accuracy=0.9, seed=1))).lines
    assert (line.low, line.high) == ((pytest.approx(95 - 63.53, abs=0.01),), (100.0,))
    (line,) = chart_data(summary_of(a_record(accuracy=0.0), a_record(accuracy=0.1, seed=1))).lines
    assert (line.low, line.high) == ((0.0,), (pytest.approx(5 + 63.53, abs=0.01),))


def test_fronts_point_to_dots() -> None:
    summary = a_summary(PROFILED)
    data = chart_data(summary)
    assert [dot.figures["accuracy"] for dot in data.dots] == [row.accuracy.mean for row in summary.rows]
    assert set(data.axes) == set(AXES)
    for shown, front in zip(data.fronts, summary.ask(fronts), strict=True):
        assert [summary.rows[place] for place in shown.dots] == list(front.rows)


def test_slopes_rise_from_frozen_to_tuned() -> None:
    first, *_, last = chart_data(compared.a_summary()).slopes
    assert (first.labels, first.word, last.labels, last.word) == (10, "worse", 1000, "better")
    assert first.frozen > first.tuned
    assert last.frozen < last.tuned
    assert last.start == "test_resnet supervised@glyphs"


def test_parts_are_those_of_the_largest_budget_that_was_measured() -> None:
    """A larger one without a measurement takes none away."""
    larger = dataclasses.replace(
        PROFILED, cell_id="x", n_labels=500, budget="50 per class", anatomy_ms={"data": 9.0, "forward": 1.0}
    )
    plain = dataclasses.replace(PROFILED, cell_id="y", n_labels=900, budget="90 per class", anatomy_ms=None)
    step = chart_data(a_summary(PROFILED, larger, plain)).step
    assert step.names == ("mlp_probe (supervised@glyphs)",)
    assert step.parts == {"data": (9.0,), "copy": (0.0,), "forward": (1.0,), "backward": (0.0,), "optimiser": (0.0,)}


def test_of_many_lines_only_the_blocks_of_the_best_are_shown_at_first() -> None:
    """All of few."""
    made = [
        a_record(backbone=f"b{number}", accuracy=0.5 + number / 100, weights_sha256=str(number))
        for number in range(LINES_AT_FIRST + 1)
    ]
    few, many = chart_data(summary_of(*made[1:])), chart_data(summary_of(*made))
    assert few.shown == few.blocks
    assert len(many.blocks) == LINES_AT_FIRST + 1
    assert many.shown == ("b12",)


def test_memory_before_any_phase_comes_first() -> None:
    record = a_record(baseline_rss_mib=250.0, peak_rss_mib=400.0, peak_rss_mib_by_phase={"data": 310.0, "train": 400.0})
    phases = chart_data(summary_of(record)).phases
    assert list(phases.parts) == [BEFORE, "data", "train"]
    assert phases.parts[BEFORE] == (250.0,)
    assert sum(part for (part,) in phases.parts.values()) == 400.0
