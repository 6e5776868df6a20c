"""From the words of a command to the cells of a suite on this machine."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.contracts.data import Places
from bench.errors import BenchError
from bench.machine import devices
from bench.machine.cache import default_root
from bench.running.settling import settle, workers_for
from bench.schema import Cell, Suite
from bench.suites.plan import Resolved, expand, parse_filter, select
from bench.suites.suite import read_suite, suite_path


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
    """Read a suite and return its cells, with what the command line changes.

    Where `workers` is null, this machine's best number is found, if need be by a trial.
    """
    places = Places(_existing("--data-dir", data_dir), _existing("--weights-dir", weights_dir), default_root())
    if device is not None:
        devices.check_name(device)
        overrides = (*overrides, f"grid.device=[{device}]")
    read = read_suite(suite_path(suite), overrides)
    workers = workers or workers_for(read, places)
    # workers times threads never exceed the cores unless the user says so
    threads = read.threads or max(1, devices.cores() // workers)
    # every cell asks, a backbone is tried once
    settled = functools.cache(functools.partial(settle, read, threads, places))
    cells = expand(read, Resolved(functools.cache(devices.resolve), threads, settled, limit))
    chosen = select(cells, [parse_filter(text) for text in filters])
    return Planned(read, tuple(cells), tuple(chosen), out or Path("results") / read.name, places, workers)


def _existing(option: str, folder: Path | None) -> Path | None:
    """Return a folder that the user named, absolute: a cell's process may stand elsewhere."""
    if folder is None:
        return None
    if not folder.is_dir():
        raise BenchError(f"{option} {folder}: no such folder; correct the path")
    return folder.resolve()
