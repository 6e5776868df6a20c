"""What a rule or a probe that is not the project's own gives is looked at before it becomes part of a record."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.data.selection import Pool, stratified
from bench.data.splits import Index
from bench.errors import BenchError
from bench.records.record import Record
from bench.registry import Entry

FIELDS = frozenset(field.name for field in dataclasses.fields(Record))


def choose_by(entry: Entry, pool: Pool) -> Index:
    """Return the positions that a rule chooses from a pool; refuse what is no part of it, or more than the budget."""
    found = entry.load()(pool)
    if entry.fault is None:
        chosen: Index = found
        return chosen
    index = np.asarray(found)
    if index.ndim != 1 or not np.issubdtype(index.dtype, np.integer):
        raise BenchError(f"{entry.target}: gives no positions; return whole numbers, shape (N,)")
    if len(np.unique(index)) < len(index) or index.min(initial=0) < 0 or index.max(initial=0) >= len(pool.labels):
        raise BenchError(f"{entry.target}: gives positions twice, or some that no image has; mend it")
    most = max(pool.count, len(stratified(pool)))
    if not 0 < len(index) <= most:
        raise BenchError(f"{entry.target}: gives {len(index)} images, where {pool.budget.label} is {most}; mend it")
    return index.astype(np.int64)


def measured(entry: Entry, subject: Any, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that a probe, or a profile, measures; refuse such as no record has, or as others measured."""
    found = entry.load()(subject)
    if entry.fault is not None:
        _refuse_others(entry.target, found)
    if twice := sorted(key for key in found.keys() & before.keys() if before[key] is not None):
        raise BenchError(f"{entry.target}: gives {', '.join(twice)}, which is measured already; leave it out")
    return dict(found)


def _refuse_others(target: str, found: Any) -> None:
    if not isinstance(found, Mapping):
        raise BenchError(f"{target}: gives a {type(found).__name__}; return a mapping of fields of the record")
    for key in found:
        if key not in FIELDS:
            raise BenchError(
                f"{target}: gives {key!r}, which no record has; see bench/records/record.py for what it has"
            )
    try:
        json.dumps(dict(found), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BenchError(f"{target}: gives what is no JSON ({error}); return numbers, texts, lists") from None
