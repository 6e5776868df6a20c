"""A duel's report shows what is not the same first, with its evidence."""

import json

from bench.errors import Exit
from bench.gate.duel.measured import Duel, Finding
from bench.reports.checks import duel as report


def test_the_report_shows_what_is_not_the_same_first() -> None:
    """Per workload a row, per kind a column; then a line for each finding, with its evidence."""
    findings = [
        Finding("probe_fit", "work", "operators", "worse", 10, 12, 0.2, detail=("aten.clone.default 0 -> 2",)),
        Finding("probe_fit", "work", "flop", "same", 10, 10, 0.0),
        Finding("probe_fit", "time", "cpu_time", "same", None, None, 0.012, bound=0.031, samples=6),
        Finding("data_path", "time", "cpu_time", "unknown", None, None, 0.06, bound=0.15, samples=20),
        Finding("accuracy", "accuracy", "accuracy", "same", 0.9, 0.9, 0.0, bound=0.0, samples=12),
    ]
    found = Duel("throughput", "main", "mine", {"threads": 1}, "a machine", findings, {"frozen_step": "too old"})
    text = report.console(found, Exit.GATE_FAILED)
    rows = {line.split()[0]: line for line in text.splitlines() if line.strip()}
    assert "same +1.2 %" in rows["probe_fit"]
    assert "unknown +6.0 %" in rows["data_path"]
    assert "aten.clone.default 0 -> 2" in rows["worse"]
    assert "20 restarts, at most +15.0 %" in rows["unknown"]
    assert text.index("aten.clone") < text.index("20 restarts")
    assert "frozen_step: not compared: too old" in text
    assert json.loads(report.as_json(found, Exit.GATE_FAILED))["not_comparable"] == {"frozen_step": "too old"}


def test_a_pull_request_gets_the_same_as_markdown() -> None:
    """A heading, tables that GitHub reads, and what the candidate can't do any more."""
    findings = [Finding("probe_fit", "accuracy", "accuracy", "better", 0.9, 0.95, 0.05, bound=0.01, samples=12)]
    found = Duel(
        "throughput", "main", "mine", {}, "a machine", findings, {}, {"data_path": "ValueError: no"}, notes=("n",)
    )
    text = report.github(found, Exit.GATE_FAILED)
    assert text.startswith("### throughput: main against mine\n")
    assert "| better | probe_fit  | accuracy   | 0.9 -> 0.95         | +5.00 points | 12 cells |" in text
    assert "data_path: the candidate can't do it: ValueError: no" in text
    assert text.endswith("note: n\n\nWorse. (0 s)")
