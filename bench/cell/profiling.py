"""What is measured once for many cells: those that differ in nothing which a step's time and memory hang on."""

import dataclasses
import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.catalog import PROFILES
from bench.cell.job import CellJob
from bench.contracts.data import Progress
from bench.contracts.training import Fitted, Watch
from bench.machine import cache
from bench.machine.environment import machine
from bench.outcomes import attempt
from bench.schema import Cell, content_hash

SECONDS = 1.5
"""What one pass over some steps may take, warm-up aside."""
OTHER_S = 10.0
"""What is measured beside steps."""
FEWEST, MOST = 6, 24
"""Steps of such a pass."""


@dataclass(frozen=True)
class Rehearsal:
    """A cell that has run, and can be trained again under somebody's eyes."""

    cell: Cell
    fitted: Fitted
    again: Callable[[Watch], Fitted]
    """Trains a fresh copy of the same initial network on the same images."""
    folder: Path
    """For what is measured once for all cells of a run."""

    @property
    def step_s(self) -> float:
        """Median seconds of a step; 0 without a gradient loop."""
        trace = self.fitted.trace
        if trace is None:
            return 0.0
        return statistics.median([trace.wall_s[step] for step in trace.measured] or trace.wall_s)

    @property
    def steps(self) -> int:
        """How many steps a pass may take."""
        return max(FEWEST, min(MOST, int(SECONDS / max(self.step_s, 1e-6))))

    @property
    def expected_s(self) -> float:
        """Seconds that all passes may take, generously."""
        return OTHER_S + 2 * (self.fitted.trace.compile_s or 0.0 if self.fitted.trace else 0.0) + 50 * self.step_s


def shared_profile(
    job: CellJob, fitted: Fitted, again: Callable[[Watch], Fitted], spent_s: float, progress: Progress
) -> dict[str, Any]:
    """Return the profile of cells like this one, measured now where the run has none yet; else why there is none.

    It never costs a cell its result: where it fails, or there may be too little time for it, it is left out.
    """
    if job.profiles is None:
        return {}
    if job.workers > 1:
        return {"profile_reason": "cells ran side by side"}
    rehearsal = Rehearsal(job.cell, fitted, again, job.profiles)
    if spent_s + rehearsal.expected_s > job.cell.timeout_s:
        return {"profile_reason": "too little time was left before timeout_s"}

    def measure() -> dict[str, Any]:
        fields: dict[str, Any] = {"profiled_in": job.cell.cell_id}
        names = PROFILES.names()
        for position, name in enumerate(names):
            progress(f"profile: {name}", position, len(names))
            fields |= PROFILES.entry(name).load()(rehearsal)
        return fields

    profiles = job.profiles
    outcome = attempt(lambda: once(profiles, likeness(job.cell, fitted), measure))
    if outcome.ended is not None:
        return {"profile_reason": (outcome.reason or outcome.ended).splitlines()[0]}
    fields: dict[str, Any] = outcome.value
    return fields


def likeness(cell: Cell, fitted: Fitted) -> dict[str, Any]:
    """Return what cells that share a profile have in common."""
    return {
        **adapted(cell),
        "training": dataclasses.asdict(cell.training),
        "batch": fitted.trace.batch_effective if fitted.trace else None,
        "part": fitted.part.name if fitted.part else None,
    }


def adapted(cell: Cell) -> dict[str, Any]:
    """Return what cells have in common whose networks are alike once they are adapted, however they were trained."""
    return {
        "dataset": cell.dataset.label,
        "backbone": cell.backbone,
        "method": cell.method.label,
        "settings": dict(cell.settings),
        "image_size": cell.image_size,
        "precision": cell.precision,
        "device": cell.device,
        "threads": cell.threads,
        "deterministic": cell.deterministic,
        "machine": machine(cell.device),
    }


def once(folder: Path, key: dict[str, Any], measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what was measured for a key, measuring it where that has not been done in this run."""
    path = folder / f"{content_hash(key)[:16]}.json"
    if path.exists():
        known: dict[str, Any] = json.loads(path.read_text())
        return known
    found = measure()
    cache.write_atomically(path, json.dumps(found, indent=1, sort_keys=True))
    return found
