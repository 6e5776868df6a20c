"""Frozen against fine-tuned: pairs from the same start, each with its verdict."""

import dataclasses
from pathlib import Path

import numpy as np

from bench.answers.summary import summarise
from bench.reports.tables.sentences import overtaking_lines
from tests.material.summaries import MANIFEST, a_summary, records, render, table_of


def test_frozen_and_tuned_are_only_paired_from_the_same_start() -> None:
    _, cells = table_of("frozen", a_summary())
    assert [row[2] for row in cells] == ["50", "1,000"]
    assert {row[5] for row in cells} == {"+10.0"}
    apart = [dataclasses.replace(record, weights_sha256=record.method) for record in records()]
    assert table_of("frozen", summarise(apart, MANIFEST))[1] == []


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


def test_without_predictions_nothing_is_called_better(tmp_path: Path) -> None:
    """The gap of the means is shown, the reason in place of a word."""
    summary = a_summary()
    assert {row[-1] for row in table_of("frozen", summary)[1]} == {"not tested: predictions are missing"}
    assert overtaking_lines(summary) == []
    assert "+10.0" in render("md", summary, tmp_path)
