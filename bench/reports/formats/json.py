"""The whole summary as one JSON document: for programs, versioned, in full precision."""

import dataclasses
import functools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.answers.blocks import Block
from bench.answers.overtaking import Overtaking
from bench.answers.rows.columns import columns_of
from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.answers.verdicts import Verdict
from bench.catalog import ANSWERS
from bench.errors import BenchError
from bench.modules import guarded, tell
from bench.records.record import Record
from bench.reports.tables.formatting import for_programs
from bench.reports.tables.labels import LEAST
from bench.statistics.learning_curves import LabelsNeeded

VERSION = 2
"""Of the document: grows where a key changes its meaning or goes, not where one is added."""
FACTS = ("suite", "description", "command", "suite_text", "environments", "missing", "unfinished")
"""What the document holds of the summary as it is, beside rows and tables; the cells' records lie beside it."""

OTHER_KEYS = frozenset(("format", "version", "rows", "tables", *FACTS))


def render(summary: Summary, folder: Path) -> str:
    """Return the document; `rows` have the columns of the CSV, and other parts point to rows by their position."""
    places = {id(row): place for place, row in enumerate(summary.rows)}
    columns = columns_of(summary.rows)
    contents = {
        "format": "transferbench report",
        "version": VERSION,
        "rows": [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)],
        "tables": [_block(block, places) for block in summary.blocks],
        **{name: _plain(getattr(summary, name), places) for name in FACTS},
        **_answers(summary, places),
    }
    return json.dumps(contents, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def _answers(summary: Summary, places: "Places") -> dict[str, Any]:
    """Return what all answers give; a plug-in that gives none, or nothing that is JSON, is told and left out."""
    found = {}
    for name, entry in ANSWERS.working().items():
        answer = entry.load()
        if entry.fault is None:
            found[name] = _plain(summary.ask(answer), places)
            continue
        try:
            if name in OTHER_KEYS:
                raise BenchError(f"{name} is another key of the document; rename it")
            found[name] = guarded(entry.target, functools.partial(_checked, summary, answer, places))
        except BenchError as error:
            tell(f"answer {name!r} is left out: {error}")
    return found


def _checked(summary: Summary, answer: Callable[[Summary], Any], places: "Places") -> Any:
    plain = _plain(summary.ask(answer), places)
    json.dumps(plain, allow_nan=False)
    return plain


Places = Mapping[int, int]
"""The position of each row, by the row's identity."""


def _plain(value: Any, places: Places) -> Any:
    """Return any part of the summary as JSON: a row as its position, what has fields as an object."""
    form = FORMS.get(type(value))
    if form is not None:
        return form(value, places)
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name), places) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return _mapping(value, places)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each, places) for each in value]
    # JSON has no infinity: a reader in another language would refuse the whole document
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _mapping(value: Mapping[Any, Any], places: Places) -> Any:
    """Return an object; where the keys are no texts, pairs of key and value."""
    if all(isinstance(key, str) for key in value):
        return {key: _plain(each, places) for key, each in value.items()}
    return [{"of": _plain(key, places), "is": _plain(each, places)} for key, each in value.items()]


def _block(block: Block, places: Places) -> dict[str, Any]:
    """Return a table of the report: its lines and columns, and the row of each."""
    return {
        "title": block.title,
        "settings": list(block.settings),
        "budgets": [{"label": label, "labels": count} for label, count in block.budgets],
        "rows": [
            {"setting": setting, "budget": budget, "row": places[id(row)]}
            for (setting, (budget, _)), row in block.rows.items()
        ],
    }


def _verdict(verdict: Verdict, places: Places) -> dict[str, Any]:
    """Return the first row against the second; null where nothing could be compared."""
    found = verdict.difference
    return {
        **_pair(verdict.first, verdict.second, places),
        "word": verdict.word,
        "difference": found.mean if found else None,
        **for_programs(verdict),
        "seeds": found.seeds if found else None,
        "images": found.images if found else None,
    }


def _pair(first: Row, second: Row, places: Places) -> dict[str, int]:
    return {"first": places[id(first)], "second": places[id(second)]}


def _overtaking(each: Overtaking, places: Places) -> dict[str, Any]:
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


def _labels(found: LabelsNeeded, places: Places) -> dict[str, Any]:
    """Return the labels that an accuracy takes; null in place of a figure below one label, which `under_one` tells."""
    ends = {name: getattr(found, name) for name in ("labels", "low", "high")}
    told = {name: None if end is not None and end <= LEAST else end for name, end in ends.items()}
    rest = {name: getattr(found, name) for name in ("extrapolated", "interval_extrapolated", "held_out_error")}
    return {**told, **rest, "under_one": [name for name, end in ends.items() if end != told[name]]}


def _unfinished(record: Record, places: Places) -> dict[str, Any]:
    return {"cell_id": record.cell_id, "cell": record.label, "status": record.status, "reason": record.reason}


FORMS: Mapping[type, Callable[[Any, Places], Any]] = {
    Row: lambda row, places: places[id(row)],
    Verdict: _verdict,
    Overtaking: _overtaking,
    LabelsNeeded: _labels,
    Record: _unfinished,
}
"""What of the summary the document holds in a form of its own."""
