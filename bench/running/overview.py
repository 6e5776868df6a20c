"""Which cells of a plan are to run, and what this machine lacks for them."""

from collections.abc import Iterator, Mapping
from typing import Any

from bench.catalog import METHODS
from bench.records.record import Record
from bench.records.store import Store
from bench.running.planning import Planned
from bench.running.provision import data_of
from bench.running.resume import Asked, Present, present, remaining
from bench.schema import Cell


def plan_rows(planned: Planned) -> Iterator[dict[str, Any]]:
    """Yield each cell with its state (`to run`, or a record's status) and what it lacks on this machine."""
    records = Store(planned.out).records()
    todo = {cell.cell_id for cell in remaining(planned.chosen, records, Asked(planned.places, None))}
    there = present(planned.places)
    for cell in planned.chosen:
        yield _row(cell, cell.cell_id in todo, records, there)


def _row(cell: Cell, to_run: bool, records: Mapping[str, Record], there: Present) -> dict[str, Any]:
    record = records.get(cell.cell_id)
    state = "to run" if to_run or record is None else record.status
    return {"cell_id": cell.cell_id, "state": state, "cell": cell.label, "missing": _missing(cell, there)}


def _missing(cell: Cell, there: Present) -> list[str]:
    extra = METHODS.entry(cell.method.name).lacks
    missing = [f"extra {extra}"] if extra else []
    missing += [f"data {dataset.label}" for dataset in data_of(cell) if there.data(dataset) is None]
    weights = there.weights(cell)
    if weights is None or (weights.path is None and cell.weights != "random"):
        missing.append(f"weights {cell.backbone} {cell.weights}")
    return missing
