"""The summary as JSON: all of it, and rows are pointed to by their position."""

import json
from pathlib import Path

import numpy as np

from bench.answers.summary import summarise
from bench.catalog import ANSWERS
from bench.reports.formats.json import FACTS
from tests.material.examples import a_record
from tests.material.summaries import MANIFEST, UNFINISHED, records, render


def test_labels_that_would_be_none_are_null_and_said_to_be_under_one(tmp_path: Path) -> None:
    """A flat curve is there without any."""
    made = [
        a_record(
            cell_id=f"{n} {seed}", seed=seed, n_labels=n, budget=f"{n} labels", accuracy=0.5, frozen_part="features"
        )
        for n in (10, 100, 1000)
        for seed in range(3)
    ]
    contents = json.loads(render("json", summarise(made, MANIFEST, targets=(0.4,)), tmp_path))
    found = contents["needs"][0]["found"]
    assert (found["labels"], found["under_one"][0]) == (None, "labels")


def test_json_holds_all_of_the_summary(tmp_path: Path) -> None:
    """Verdicts and overtakings point to rows by their position; the document says which version it is."""
    made = records()
    generator = np.random.default_rng(0)
    right = {record.cell_id: generator.random(4000) < (record.accuracy or 0) for record in made}
    summary = summarise(
        [*made, UNFINISHED], {**MANIFEST, "cells": [*(each.cell_id for each in made), "oom", "x"]}, right.get
    )
    contents = json.loads(render("json", summary, tmp_path))
    assert (contents["format"], contents["version"]) == ("transferbench report", 2)
    assert {
        "notes",
        "command",
        "suite_text",
        "ranks",
        "audit_failures",
        "crossings",
        "needs",
        "ranking",
        "environments",
    } <= set(contents)
    (verdict, *_) = contents["against_frozen"]
    rows = contents["rows"]
    assert (rows[verdict["first"]]["method"], rows[verdict["second"]]["method"]) == ("finetune", "linear_probe")
    assert (verdict["word"], verdict["seeds"], verdict["images"]) == ("better", 3, 4000)
    assert 0 < verdict["low"] < verdict["difference"] < verdict["high"]
    assert (verdict["level"], verdict["question"], verdict["one_of"], verdict["reason"]) == (0.95, "methods", 1, None)
    (overtaking,) = contents["overtakings"]
    assert (overtaking["side"], overtaking["measured_at"]) == ("always", [50, 1000])
    assert contents["unfinished"] == [
        {"cell_id": "oom", "cell": UNFINISHED.label, "status": "oom", "reason": "CUDA out of memory"}
    ]
    assert contents["missing"] == 1
    assert contents["audit"]["frozen_unchanged"] == [12, 0, 0]
    assert set(ANSWERS.names()) | set(FACTS) <= set(contents)
    (table,) = contents["tables"]
    assert {rows[each["row"]]["budget"] for each in table["rows"]} == {each["label"] for each in table["budgets"]}
