"""The summary as JSON: all of it, and rows are pointed to by their position."""

import json
from pathlib import Path

import numpy as np

from bench.answers.summary import summarise
from bench.catalog import ANSWERS
from bench.reports.formats.json import FACTS
from tests.material.summaries import MANIFEST, UNFINISHED, records, render


def test_json_holds_all_of_the_summary(tmp_path: Path) -> None:
    """Verdicts and overtakings point to rows by their position; the document says which version it is."""
    made = records()
    generator = np.random.default_rng(0)
    right = {record.cell_id: generator.random(4000) < (record.accuracy or 0) for record in made}
    summary = summarise(
        [*made, UNFINISHED], {**MANIFEST, "cells": [*(each.cell_id for each in made), "oom", "x"]}, right.get
    )
    contents = json.loads(render("json", summary, tmp_path))
    assert (contents["format"], contents["version"]) == ("transferbench report", 1)
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
    assert verdict["low"] < verdict["difference"] < verdict["high"]
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
