"""Several runs as one: what must be equal for their rows to stand in one table, and what merely makes other rows. Pure.

Equal must be what a data set is in a cell: its images, which of them test, how many are kept, and their size. Machine,
device, precision, threads, weights, recipes and versions may differ: cells that differ in one of these are other rows.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.answers.rows.rows import machine_of, row_key
from bench.errors import NotComparable
from bench.records.record import Record
from bench.schema import Choice


@dataclass(frozen=True)
class Run:
    """What a run's folder holds."""

    name: str
    """The folder, as the user wrote it."""
    records: Mapping[str, Record]
    """By their cell."""
    manifest: Mapping[str, Any]


@dataclass(frozen=True)
class Joined:
    """Runs as one."""

    records: tuple[Record, ...]
    """A cell that several runs measured on unlike machines has an id of its own for each: `id@run`."""
    manifest: Mapping[str, Any]
    homes: Mapping[str, tuple[str, str]]
    """The run of each record, by its id here, and its id there."""
    notes: tuple[str, ...]


EQUAL: Mapping[str, str] = {
    "protocol": "version of the protocol",
    "limit": "kept images of each split",
    "image_size": "image size",
    "dataset_fingerprint": "data",
    "n_classes": "classes",
    "test_sha256": "test images",
}
"""Fields that must agree between runs of one data set, with what they are."""


def join(runs: Sequence[Run]) -> Joined:
    """Return the runs as one; raise `NotComparable` with the field that differs."""
    require_comparable(runs)
    counts = Counter(cell_id for run in runs for cell_id in run.records)
    kept: dict[tuple[Any, ...], tuple[Run, Record]] = {}
    again = 0
    for run, record in ((each, record) for each in runs for record in each.records.values()):
        # An id says what was asked. The machine, weights found and versions stand beside it: only where these agree
        # too is a second record the same measurement again.
        key = (record.cell_id, _identity(record, run.manifest) if counts[record.cell_id] > 1 else None)
        before = kept.get(key)
        again += before is not None and _differs(before[1], record)
        if before is None or (record.finished_at or "") > (before[1].finished_at or ""):
            kept[key] = run, record
    records, homes = _named(kept.values())
    return Joined(tuple(records), _manifest(runs, records), homes, _notes(again))


def require_comparable(runs: Sequence[Run]) -> None:
    """Raise `NotComparable` where a field that must be equal is not."""
    for field, meaning in EQUAL.items():
        seen: dict[str, dict[Any, str]] = {}
        for run in runs:
            for record in run.records.values():
                value = getattr(record, field)
                if value is not None or (field == "limit" and record.status == "ok"):
                    seen.setdefault(_dataset(record), {}).setdefault(value, run.name)
        _refuse_differing(field, meaning, seen, runs)


def _refuse_differing(field: str, meaning: str, seen: Mapping[str, Mapping[Any, str]], runs: Sequence[Run]) -> None:
    for dataset, values in seen.items():
        if len(values) > 1 and len(set(values.values())) > 1:
            told = ", ".join(f"{_short(value)} in {name}" for value, name in values.items())
            raise NotComparable(
                f"{dataset}: {field} ({meaning}) differs: {told}; report these runs apart, "
                "or leave the data set out with --filter"
            )


def _short(value: Any) -> str:
    return "all" if value is None else str(value)[:12]


def _dataset(record: Record) -> str:
    return Choice(record.dataset, record.dataset_params).label


def _identity(record: Record, manifest: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What two records of a cell have in common that are the same on the same kind of machine."""
    if record.status != "ok":
        return None
    return *row_key(record), machine_of(manifest.get("environments", {}).get(record.env or "", {}))


def _differs(first: Record, second: Record) -> bool:
    return first.finished_at != second.finished_at or first.accuracy != second.accuracy


def _named(found: Iterable[tuple[Run, Record]]) -> tuple[list[Record], dict[str, tuple[str, str]]]:
    """Give records that share a cell's id ids of their own; a number takes the place of none."""
    by_cell: dict[str, list[tuple[Run, Record]]] = {}
    for run, record in found:
        by_cell.setdefault(record.cell_id, []).append((run, record))
    records: list[Record] = []
    homes: dict[str, tuple[str, str]] = {}
    for cell_id, there in by_cell.items():
        finished = [each for each in there if each[1].status == "ok"]
        for place, (run, record) in enumerate(finished or there[-1:]):
            name = f"{cell_id}@{run.name}" if place else cell_id
            homes[name] = run.name, cell_id
            records.append(record if name == cell_id else dataclasses.replace(record, cell_id=name))
    return records, homes


def _manifest(runs: Sequence[Run], records: Sequence[Record]) -> dict[str, Any]:
    """Return one manifest for all: their plans together, where each has one."""
    manifests = [run.manifest for run in runs]
    environments = {key: each for manifest in manifests for key, each in manifest.get("environments", {}).items()}
    planned: list[str] | None = None
    if all(manifest.get("cells") is not None for manifest in manifests):
        cells = dict.fromkeys(cell for manifest in manifests for cell in manifest["cells"])
        planned = [*cells, *(record.cell_id for record in records if record.cell_id.partition("@")[0] in cells)]
    return {
        "suite": " + ".join(_each(manifests, "suite")),
        "description": " ".join(_each(manifests, "description")),
        "command": "; ".join(_each(manifests, "command")),
        "suite_text": "\n---\n".join(text.rstrip() for text in _each(manifests, "suite_text")),
        "environments": environments,
        "cells": planned,
    }


def _each(manifests: Sequence[Mapping[str, Any]], key: str) -> list[str]:
    return [text for text in dict.fromkeys(str(manifest.get(key, "")) for manifest in manifests) if text]


def _notes(again: int) -> tuple[str, ...]:
    if not again:
        return ()
    cells = "1 cell was" if again == 1 else f"{again} cells were"
    return (f"{cells} measured in several of the runs; the latest record of each counts.",)
