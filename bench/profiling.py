"""What is measured once for many cells: those that differ in nothing which a step's time and memory hang on."""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import cache
from bench.catalog import PROFILES
from bench.contracts import CellJob, Fitted, Progress
from bench.environment import machine
from bench.schema import Cell, content_hash
from bench.watching import Watch

SECONDS = 1.5
"""What one pass over some steps may take, warm-up aside."""
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
    def steps(self) -> int:
        """How many steps a pass may take."""
        trace = self.fitted.trace
        assert trace is not None, "only a gradient loop has steps"
        measured = sorted(trace.wall_s[trace.warmup_steps :] or trace.wall_s)
        return max(FEWEST, min(MOST, int(SECONDS / max(measured[len(measured) // 2], 1e-6))))


def shared_profile(
    job: CellJob, fitted: Fitted, again: Callable[[Watch], Fitted], progress: Progress
) -> dict[str, Any]:
    """Return the profile of cells like this one, measured now where the run has none yet.

    Nothing is measured beside other cells, which would disturb it.
    """
    if job.profiles is None or job.workers > 1:
        return {}
    rehearsal = Rehearsal(job.cell, fitted, again, job.profiles)

    def measure() -> dict[str, Any]:
        fields: dict[str, Any] = {"profiled_in": job.cell.cell_id}
        names = PROFILES.names()
        for position, name in enumerate(names):
            progress(f"profile: {name}", position, len(names))
            fields |= PROFILES.entry(name).load()(rehearsal)
        return fields

    return once(job.profiles, likeness(job.cell, fitted), measure)


def likeness(cell: Cell, fitted: Fitted) -> dict[str, Any]:
    """Return what cells that share a profile have in common."""
    return {
        "dataset": cell.dataset.label,
        "backbone": cell.backbone,
        "method": cell.method.label,
        "settings": dict(cell.settings),
        "training": dataclasses.asdict(cell.training),
        "batch": fitted.trace.batch_effective if fitted.trace else None,
        "part": fitted.part.name if fitted.part else None,
        "image_size": cell.image_size,
        "precision": cell.precision,
        "device": cell.device,
        "threads": cell.threads,
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
