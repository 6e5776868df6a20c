"""A duel, for a terminal, for a pull request, and as JSON."""

import dataclasses
import json
from collections.abc import Sequence

from bench.errors import Exit
from bench.gate.duel.measured import Duel, Finding

TIERS = {
    "work": "work",
    "waiting": "waiting",
    "leak": "leaks",
    "time": "processor time",
    "memory": "memory",
    "accuracy": "accuracy",
}
MARKS = {"worse": "worse", "unknown": "unknown", "better": "better", "accepted": "accepted", "same": "same"}
"""In this order: of several findings in one place the first that occurs is shown."""
OUTCOMES = {
    Exit.OK: "The same or better.",
    Exit.GATE_FAILED: "Worse.",
    Exit.NOTHING_COMPARED: "Not known: nothing is worse for certain, and not all is the same for certain.",
    Exit.NOT_COMPARABLE: "Not comparable.",
}


def console(duel: Duel, outcome: Exit) -> str:
    """Return tables for a terminal."""
    return _text(duel, outcome, "simple", "")


def github(duel: Duel, outcome: Exit) -> str:
    """Return Markdown for a pull request."""
    return _text(duel, outcome, "github", "### ")


def as_json(duel: Duel, outcome: Exit) -> str:
    """Return one JSON document."""
    return json.dumps({**dataclasses.asdict(duel), "exit_code": int(outcome)}, indent=1)


def _text(duel: Duel, outcome: Exit, style: str, heading: str) -> str:
    asked = ", ".join(f"{key} {value}" for key, value in duel.conditions.items())
    parts = [f"{heading}{duel.suite}: {duel.base} against {duel.candidate}", f"{asked}; {duel.machine}"]
    if duel.findings:
        parts.append(_overview(duel.findings, style))
    if told := [finding for finding in duel.findings if finding.word != "same"]:
        parts.append(_lines(told, style))
    if duel.broken:
        parts.append("\n".join(f"{name}: the candidate can't do it: {why}" for name, why in duel.broken.items()))
    if duel.not_comparable:
        parts.append("\n".join(f"{name}: not compared: {why}" for name, why in duel.not_comparable.items()))
    parts += [f"note: {note}" for note in duel.notes]
    parts.append(f"{OUTCOMES[outcome]} ({duel.seconds:.0f} s)")
    return "\n\n".join(parts)


def _overview(findings: Sequence[Finding], style: str) -> str:
    from tabulate import tabulate

    tiers = [tier for tier in TIERS if any(finding.tier == tier for finding in findings)]
    workloads = dict.fromkeys(finding.workload for finding in findings)
    rows = [
        [
            workload,
            *(_cell([each for each in findings if (each.workload, each.tier) == (workload, tier)]) for tier in tiers),
        ]
        for workload in workloads
    ]
    return tabulate(rows, ["", *(TIERS[tier] for tier in tiers)], tablefmt=style, disable_numparse=True)


def _cell(findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    shown = min(findings, key=lambda finding: list(MARKS).index(finding.word))
    measured = next((each for each in findings if each.samples is not None), None)
    if measured is None or shown.word not in (measured.word, "same"):
        return shown.word
    return f"{shown.word} {_change(measured)}"


def _change(finding: Finding) -> str:
    if finding.change is None:
        return "" if finding.base == finding.candidate else "new"
    if finding.tier == "accuracy":
        return f"{100 * finding.change:+.2f} points"
    return f"{100 * finding.change:+.1f} %"


def _lines(findings: Sequence[Finding], style: str) -> str:
    from tabulate import tabulate

    rows = [
        [
            finding.word,
            finding.workload,
            finding.quantity,
            _values(finding),
            _change(finding),
            _evidence(finding),
        ]
        for finding in sorted(findings, key=lambda finding: list(MARKS).index(finding.word))
    ]
    headers = ["", "workload", "quantity", "base -> candidate", "change", "what"]
    return tabulate(rows, headers, tablefmt=style, disable_numparse=True)


def _values(finding: Finding) -> str:
    if finding.base is None or finding.candidate is None:
        return ""
    return f"{finding.base:,.6g} -> {finding.candidate:,.6g}"


def _evidence(finding: Finding) -> str:
    said = list(finding.detail)
    if finding.samples is not None and finding.tier == "accuracy":
        said.append(f"{finding.samples} cells")
    elif finding.samples is not None and finding.bound is not None:
        said.append(f"{finding.samples} restarts, at most {100 * finding.bound:+.1f} %")
    return "; ".join(said)
