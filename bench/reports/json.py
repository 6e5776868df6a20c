"""The whole summary as one JSON document: for programs, versioned, in full precision."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from bench.aggregate import Summary
from bench.columns import columns_of
from bench.record import Record
from bench.rows import Row
from bench.verdicts import Overtaking, Verdict

VERSION = 1
"""Of the document: grows where a key changes its meaning or goes, not where one is added."""


def render(summary: Summary, folder: Path) -> str:
    """Return the document; `rows` have the columns of the CSV, and other parts point to rows by their position."""
    places = {id(row): place for place, row in enumerate(summary.rows)}
    columns = columns_of(summary.rows)
    contents = {
        "format": "transferbench report",
        "version": VERSION,
        "suite": summary.suite,
        "description": summary.description,
        "command": summary.command,
        "suite_text": summary.suite_text,
        "notes": list(summary.notes),
        "rows": [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)],
        "against_best": [_verdict(each, places) for verdicts in summary.against_best for each in verdicts],
        "against_frozen": [_verdict(each, places) for each in summary.against_frozen],
        "overtakings": [_overtaking(each, places) for each in summary.overtakings],
        "score_ranks": [dataclasses.asdict(rank) for rank in summary.ranks],
        "unfinished": [_unfinished(record) for record in summary.unfinished],
        "missing": summary.missing,
        "audit": {
            name: dict(zip(("passed", "failed", "not_applicable"), counts, strict=True))
            for name, counts in summary.audit.items()
        },
        "audit_failures": list(summary.audit_failures),
        "environments": {key: dict(each) for key, each in summary.environments.items()},
    }
    return json.dumps(contents, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def _verdict(verdict: Verdict, places: dict[int, int]) -> dict[str, Any]:
    """Return the first row against the second; null where nothing could be compared."""
    found = verdict.difference
    return {
        **_pair(verdict.first, verdict.second, places),
        "word": verdict.word,
        "difference": found.mean if found else None,
        "low": found.low if found else None,
        "high": found.high if found else None,
        "p_corrected": verdict.p,
        "seeds": found.seeds if found else None,
        "images": found.images if found else None,
        "reason": verdict.reason,
    }


def _pair(first: Row, second: Row, places: dict[int, int]) -> dict[str, int]:
    return {"first": places[id(first)], "second": places[id(second)]}


def _overtaking(each: Overtaking, places: dict[int, int]) -> dict[str, Any]:
    """Return from how many labels on the first row's setting is ahead of the second's."""
    found = each.found
    return {
        **_pair(each.first, each.second, places),
        "measured_at": list(each.budgets),
        "side": found.side,
        "labels": found.labels,
        "low": found.low,
        "high": found.high,
        "shares": dict(zip(("always", "never", "crosses"), found.shares, strict=True)),
    }


def _unfinished(record: Record) -> dict[str, Any]:
    return {"cell_id": record.cell_id, "cell": record.label, "status": record.status, "reason": record.reason}
