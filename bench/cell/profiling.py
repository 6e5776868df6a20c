"""What is measured once for many cells: those that are alike in all that a step's time and memory depend on."""

import contextlib
import dataclasses
import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.catalog import PROFILES
from bench.cell.job import CellJob
from bench.cell.own_parts import measured
from bench.contracts.data import Progress
from bench.contracts.training import Fitted, Watch
from bench.machine.environment import machine
from bench.machine.reading import MIB, Unfit, read_json
from bench.machine.writing import write_atomically
from bench.outcomes import attempt
from bench.schema import Cell, content_hash

SECONDS = 1.5
"""What one pass over some steps of the training may take, warm-up aside."""
OTHER_S = 15.0
"""What the measurements beside steps may take: arithmetic, the machine's peak, also once more, latency."""
FEWEST, MOST = 6, 24
"""Full batches of such a pass."""
ENOUGH = 16
"""Full batches after the warm-up from which on a training is as good to measure as a longer one."""


@dataclass(frozen=True)
class Rehearsal:
    """A cell that has run and can be trained again, watched."""

    cell: Cell
    """With the settings that were chosen."""
    fitted: Fitted
    again: Callable[[Watch], Fitted]
    """Trains a fresh copy of the same initial network on the same images."""
    folder: Path
    """Where the run keeps what is measured once for many cells."""
    cell_id: str = ""
    """Of the cell as it was planned."""

    @property
    def step_s(self) -> float | None:
        """Median seconds of a step on a full batch after the warm-up; null where there was none."""
        trace = self.fitted.trace
        measured = [trace.wall_s[step] for step in trace.measured_full] if trace else []
        return statistics.median(measured) if measured else None

    @property
    def steps(self) -> int:
        """How many full batches a pass wants to see."""
        return max(FEWEST, min(MOST, int(SECONDS / max(self._about_s, 1e-6))))

    @property
    def _about_s(self) -> float:
        """What a step may take, warm-up or not; 0 without a gradient loop."""
        trace, step_s = self.fitted.trace, self.step_s
        if trace is None or step_s is not None:
            return step_s or 0.0
        return statistics.median([trace.wall_s[step] for step in trace.full] or trace.wall_s)

    def steps_to(self, full: int) -> int:
        """Return in how many steps a pass sees so many full batches: all steps, where the training has fewer.

        That is at most twice as many, since an epoch has a full batch for its smaller one.
        """
        trace = self.fitted.trace
        assert trace is not None, "only a gradient loop has steps"
        return trace.full[full - 1] + 1 if full <= len(trace.full) else len(trace.images)

    @property
    def expected_s(self) -> float:
        """Seconds that all passes may take, generously."""
        compile_s = self.fitted.trace.compile_s if self.fitted.trace else None
        # three passes may train, and each compiles again; they want five times so many full batches and eleven to warm
        # up, which takes up to twice as many steps
        return OTHER_S + 3 * (compile_s or 0.0) + 2 * (5 * self.steps + 11) * self._about_s


def shared_profile(
    planned: Cell, job: CellJob, fitted: Fitted, again: Callable[[Watch], Fitted], spent_s: float, progress: Progress
) -> dict[str, Any]:
    """Return the profile of cells like this one, or why there is none; it is measured by the first cell of its kind.

    The job's cell has the settings that were chosen for the one that was planned. A profile never costs a cell its
    result. Where it fails, or too little time may be left for it, it is left out.
    """
    if job.profiles is None:
        return {}
    rehearsal = Rehearsal(job.cell, fitted, again, job.profiles, planned.cell_id)
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
    fields: dict[str, Any] = {"profiled_in": rehearsal.cell_id}
    profiles = sorted(PROFILES.working().items())
    for position, (name, entry) in enumerate(profiles):
        progress(f"profile: {name}", position, len(profiles))
        fields |= measured(entry, rehearsal, fields)
    return fields


def likeness(cell: Cell, fitted: Fitted) -> dict[str, Any]:
    """Return what cells that share a profile have in common."""
    return {
        **adapted(cell),
        # whatever the rate, a step takes as long
        "training": dataclasses.asdict(cell.training) | dict.fromkeys(("learning_rate", "head_learning_rate")),
        "batch": fitted.trace.batch_effective if fitted.trace else None,
        # a training of a few steps must not lend what it could not measure to longer ones
        "full_batches": min(ENOUGH, len(fitted.trace.measured_full)) if fitted.trace else None,
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
    path = _kept_at(folder, key)
    with contextlib.suppress(Unfit):  # what is gone or damaged is measured again
        known = read_json(path, MIB)
        if isinstance(known, dict):
            return known
    return keep(folder, key, measure())


def keep(folder: Path, key: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Keep and return what was found for a key, in place of what was kept."""
    # nothing goes through a link that stands in the run's folder in place of this one
    write_atomically(_kept_at(folder, key), json.dumps(found, indent=1, sort_keys=True), folder.parent)
    return found


def _kept_at(folder: Path, key: dict[str, Any]) -> Path:
    return folder / f"{content_hash(key)[:16]}.json"
