"""From the words of a command to the cells of a suite on this machine."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.catalog import EXECUTORS, METHODS
from bench.contracts.data import Places
from bench.errors import BenchError
from bench.machine import devices
from bench.machine.cache import default_root
from bench.records.record import Record
from bench.records.store import Store
from bench.running.jobs import Job
from bench.running.packing import PackingRequest, pack
from bench.running.precision import TrialRequest, known
from bench.running.progress import screen
from bench.running.provision import data_of
from bench.running.resume import Asked, Present, present, remaining
from bench.schema import Cell, Precision, Suite, Training
from bench.suites.plan import Resolved, count_cells, expand, parse_filter, select
from bench.suites.suite import read_suite, suite_path

TRIAL_TIMEOUT_S = 1800.0


@dataclass(frozen=True)
class Planned:
    """A suite's cells on this machine, and which of them were asked for."""

    suite: Suite
    cells: tuple[Cell, ...]
    chosen: tuple[Cell, ...]
    out: Path
    places: Places
    workers: int

    def only(self, cell_id: str) -> "Planned":
        """Return the plan of one cell, named by the beginning of its id."""
        found = [cell for cell in self.cells if cell.cell_id.startswith(cell_id)]
        if len(found) != 1:
            raise BenchError(f"--cell {cell_id}: {len(found)} cells have this id; `bench plan` lists them")
        return replace(self, chosen=tuple(found))

    def manifest(self, command: str) -> dict[str, Any]:
        """Return what the run's folder keeps of the suite."""
        return {
            "suite": self.suite.name,
            "description": self.suite.description,
            "suite_text": self.suite.source,
            "command": command,
            "cells": [cell.cell_id for cell in self.cells],
        }


def plan_suite(
    suite: str,
    data_dir: Path | None,
    weights_dir: Path | None,
    out: Path | None,
    filters: Sequence[str],
    overrides: Sequence[str],
    device: str | None,
    workers: int | None,
    limit: int | None,
) -> Planned:
    """Read a suite and return its cells, with what the command line changes; without `workers` a trial decides."""
    for option, folder in (("--data-dir", data_dir), ("--weights-dir", weights_dir)):
        if folder is not None and not folder.is_dir():
            raise BenchError(f"{option} {folder}: no such folder; correct the path")
    if device is not None:
        devices.check_name(device)
        overrides = (*overrides, f"grid.device=[{device}]")
    read = read_suite(suite_path(suite), overrides)
    places = Places(_absolute(data_dir), _absolute(weights_dir), default_root())
    workers = workers or _pack(read, places)
    threads = read.threads or max(1, devices.cores() // workers)
    settled = functools.cache(functools.partial(_settle, read, threads, places))
    cells = expand(read, Resolved(functools.cache(devices.resolve), threads, settled, limit))
    chosen = select(cells, [parse_filter(text) for text in filters])
    return Planned(read, tuple(cells), tuple(chosen), out or Path("results") / read.name, places, workers)


def _settle(
    suite: Suite, threads: int, places: Places, backbone: str, image_size: int, device: str
) -> tuple[Precision, str]:
    """Return what `precision: auto` stands for, measured in a process of its own where no answer is kept yet."""
    request = TrialRequest(backbone, image_size, device, threads, suite.deterministic, places)
    if (kept := known(request)) is not None:
        return kept.precision, kept.reason
    executor = EXECUTORS.entry("process").load()()
    with screen() as shown:
        shown.say(f"{backbone}: does bfloat16 pay on this machine? (measured once)")
        jobs = [Job("bench.running.precision:settle", request, TRIAL_TIMEOUT_S)]
        outcomes = executor.run(jobs, lambda _, what, done, total: shown.working(what, done, total))
        outcome = next(outcome for _, outcome in outcomes)
        executor.close()
    if outcome.ended is not None:
        raise BenchError(f"precision auto of {backbone}: {outcome.reason}; write precision: [fp32]")
    return outcome.value.precision, outcome.value.reason


def _pack(suite: Suite, places: Places) -> int:
    """Return how many cells do most side by side: of frozen features one on each core, else a trial tells.

    Never more than there are, so that few cells have several threads each.
    """
    grid, cores, cells = suite.grids[0], devices.cores(), count_cells(suite)
    if suite.threads is not None:
        return max(1, min(cores // suite.threads, cells))
    most = min(cores, cells)
    if most == 1 or devices.resolve(grid.devices[0]) != "cpu":
        return 1
    if not any(_trains(method.name) for each in suite.grids for method in each.methods):
        with screen() as shown:
            shown.say(f"--workers {most}: cells of frozen features, which keep one thread busy each")
        return most
    batch_size = int(suite.train.get("batch_size", Training.batch_size))
    request = PackingRequest(grid.backbones[0], suite.image_size, batch_size, cores)
    alone, beside = (EXECUTORS.entry("process").load()(workers) for workers in (1, cores))
    with screen() as shown:
        found = pack(request, places, alone, beside)
        workers = min(most, found.workers)
        shown.say(f"--workers {workers}: {found.reason} ({request.backbone})")
    return workers


def _trains(method: str) -> bool:
    """Say whether a method's steps are on the network itself; one that can't be had does nothing."""
    entry = METHODS.entry(method)
    return entry.lacks is None and entry.load().cost != "features"


def _absolute(folder: Path | None) -> Path | None:
    return folder.resolve() if folder else None


def plan_rows(planned: Planned) -> list[dict[str, Any]]:
    """Return each cell with its state (`to run`, or a record's status) and what it lacks on this machine."""
    records = Store(planned.out).records()
    todo = {cell.cell_id for cell in remaining(planned.chosen, records, Asked(planned.places, None))}
    there = present(planned.places)
    return [_row(cell, cell.cell_id in todo, records, there) for cell in planned.chosen]


def _row(cell: Cell, to_run: bool, records: Mapping[str, Record], there: Present) -> dict[str, Any]:
    record = records.get(cell.cell_id)
    extra = METHODS.entry(cell.method.name).lacks
    missing = [f"extra {extra}"] if extra else []
    for dataset in data_of(cell):
        if there.data(dataset) is None:
            missing.append(f"data {dataset.label}")
    weights = there.weights(cell)
    if weights is None or (weights.path is None and cell.weights != "random"):
        missing.append(f"weights {cell.backbone} {cell.weights}")
    state = "to run" if to_run or record is None else record.status
    return {"cell_id": cell.cell_id, "state": state, "cell": cell.label, "missing": missing}
