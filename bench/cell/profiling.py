"""What is measured once for many cells: those that are alike in all that a step's time and memory depend on."""

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
"""What one pass over some steps of the training may take, warm-up aside."""
OTHER_S = 10.0
"""What the measurements beside steps may take: arithmetic, the machine's peak, latency."""
FEWEST, MOST = 6, 24
"""Steps of such a pass."""


@dataclass(frozen=True)
class Rehearsal:
    """A cell that has run and can be trained again, watched."""

    cell: Cell
    fitted: Fitted
    again: Callable[[Watch], Fitted]
    """Trains a fresh copy of the same initial network on the same images."""
    folder: Path
    """Where the run keeps what is measured once for many cells."""

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
        compile_s = self.fitted.trace.compile_s if self.fitted.trace else None
        # two of the passes train, so each compiles again; of slow steps they take 25 together
        return OTHER_S + 2 * (compile_s or 0.0) + 50 * self.step_s


def shared_profile(
    job: CellJob, fitted: Fitted, again: Callable[[Watch], Fitted], spent_s: float, progress: Progress
) -> dict[str, Any]:
    """Return the profile of cells like this one, or why there is none; it is measured by the first cell of its kind.

    A profile never costs a cell its result. Where it fails, or too little time may be left for it, it is left out.
    """
    if job.profiles is None:
        return {}
    rehearsal = Rehearsal(job.cell, fitted, again, job.profiles)
    if (reason := why_not(job, rehearsal, spent_s)) is not None:
        return {"profile_reason": reason}
    # whatever a profile raises is caught: the cell has its number by now
    outcome = attempt(
        lambda: once(rehearsal.folder, likeness(job.cell, fitted), lambda: profile_of(rehearsal, progress))
    )
    if outcome.ended is not None:
        return {"profile_reason": (outcome.reason or outcome.ended).splitlines()[0]}
    fields: dict[str, Any] = outcome.value
    return fields


def why_not(job: CellJob, rehearsal: Rehearsal, spent_s: float) -> str | None:
    """Return why a cell is not profiled; null where it is."""
    if job.workers > 1:
        return "cells ran side by side"
    if spent_s + rehearsal.expected_s > job.cell.timeout_s:
        return "too little time was left before timeout_s"
    return None


def profile_of(rehearsal: Rehearsal, progress: Progress) -> dict[str, Any]:
    """Return the fields of all profiles in the catalogue."""
    fields: dict[str, Any] = {"profiled_in": rehearsal.cell.cell_id}
    names = PROFILES.names()
    for position, name in enumerate(names):
        progress(f"profile: {name}", position, len(names))
        fields |= PROFILES.entry(name).load()(rehearsal)
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
    """Return what cells have in common whose adapted networks are alike, whatever batches they were trained in."""
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
    """Return what this run measured for a key; measure and keep it where nothing is kept yet."""
    path = folder / f"{content_hash(key)[:16]}.json"
    if path.exists():
        known: dict[str, Any] = json.loads(path.read_text())
        return known
    found = measure()
    cache.write_atomically(path, json.dumps(found, indent=1, sort_keys=True))
    return found
