"""What the GPU's driver told around the trainings of one row. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.records.record import Record
from bench.statistics.intervals import Estimate, mean_interval


@dataclass(frozen=True)
class GpuState:
    """The state of the GPU over cells that differ in their seed only; null is what its driver doesn't tell."""

    sm_mhz: Estimate | None
    """Clock of the multiprocessors right after training, as are the three that follow."""
    memory_mhz: Estimate | None
    celsius: Estimate | None
    watts: Estimate | None
    joules: Estimate | None
    """Spent in training, by the energy counter."""
    throttled_by: Mapping[str, int] | None
    """Cells before or after whose training the clocks were held back, by what; empty where none was."""
    told_throttling: int
    """Cells of which it is known."""
    other_processes: int | None
    """The most that any of the cells had beside it."""


def gpu_state_of(group: Sequence[Record]) -> GpuState | None:
    """Return what is known of the GPU of a row's cells; null where nothing is."""
    states = [record.gpu_state for record in group if record.gpu_state]
    if not states:
        return None
    after = [state["after"] for state in states]
    held = [found for state in states if (found := _held_back(state)) is not None]
    return GpuState(
        sm_mhz=_mean(after, "sm_mhz"),
        memory_mhz=_mean(after, "memory_mhz"),
        celsius=_mean(after, "celsius"),
        watts=_mean(after, "watts"),
        joules=_mean(states, "joules"),
        throttled_by=dict(sorted(Counter(name for names in held for name in names).items())) if held else None,
        told_throttling=len(held),
        other_processes=max((state["others"] for state in states if state.get("others") is not None), default=None),
    )


def _held_back(state: Mapping[str, Any]) -> set[str] | None:
    """Return what held the clocks back before or after; null where the driver told neither."""
    told = [state[when].get("throttled_by") for when in ("before", "after")]
    known = [names for names in told if names is not None]
    return {name for names in known for name in names} if known else None


def _mean(states: Sequence[Mapping[str, Any]], name: str) -> Estimate | None:
    values = [float(state[name]) for state in states if state.get(name) is not None]
    return mean_interval(values) if values else None
