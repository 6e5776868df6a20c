"""A duel, for a terminal, for a pull request, and as JSON."""

import dataclasses
import json
from collections.abc import Mapping, Sequence

from tabulate import tabulate

from bench.errors import Exit
from bench.gate.duel.measured import Duel, Finding, Word

TIERS = {
    "work": "work",
    "waiting": "waiting",
    "leak": "leaks",
    "time": "processor time",
    "memory": "memory",
    "accuracy": "accuracy",
}
ORDER: tuple[Word, ...] = ("worse", "unknown", "better", "accepted", "same")
"""Findings are listed in this order; of several in one place the first is shown."""
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
    parts += _named("the candidate can't do it", duel.broken)
    parts += _named("not compared", duel.not_comparable)
    parts += [f"note: {note}" for note in duel.notes]
    parts.append(f"{OUTCOMES[outcome]} ({duel.seconds:.0f} s)")
    return "\n\n".join(parts)


def _named(what: str, reasons: Mapping[str, str]) -> list[str]:
    """Return one part with a line for each workload; none where there are no workloads."""
    return ["\n".join(f"{name}: {what}: {why}" for name, why in reasons.items())] if reasons else []


def _overview(findings: Sequence[Finding], style: str) -> str:
    """Return a table with a row for each workload and a column for each tier."""
    there = {finding.tier for finding in findings}
    tiers = [tier for tier in TIERS if tier in there]
    by_place: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        by_place.setdefault((finding.workload, finding.tier), []).append(finding)
    workloads = dict.fromkeys(finding.workload for finding in findings)
    rows = [[workload, *(_cell(by_place.get((workload, tier), ())) for tier in tiers)] for workload in workloads]
    return tabulate(rows, ["", *(TIERS[tier] for tier in tiers)], tablefmt=style, disable_numparse=True)


def _cell(findings: Sequence[Finding]) -> str:
    """Return the word that comes first in `ORDER`, with the change where it was measured and agrees."""
    if not findings:
        return ""
    shown = min(findings, key=_place)
    measured = next((each for each in findings if each.samples is not None), None)
    if measured is None or shown.word not in (measured.word, "same"):
        return shown.word
    return f"{shown.word} {_change(measured)}"


def _place(finding: Finding) -> int:
    return ORDER.index(finding.word)


def _change(finding: Finding) -> str:
    if finding.change is None:
        return "" if finding.base == finding.candidate else "new"
    if finding.tier == "accuracy":
        return f"{100 * finding.change:+.2f} points"
    return f"{100 * finding.change:+.1f} %"


def _lines(findings: Sequence[Finding], style: str) -> str:
    rows = [
        [
            finding.word,
            finding.workload,
            finding.quantity,
            _values(finding),
            _change(finding),
            _evidence(finding),
        ]
        for finding in sorted(findings, key=_place)
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
