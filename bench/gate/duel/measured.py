"""The values that a duel passes on: its sides, what one unit did and took, findings, and all that was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Word = Literal["worse", "better", "same", "unknown", "accepted"]
Tier = Literal["work", "waiting", "leak", "time", "memory", "accuracy"]


@dataclass(frozen=True)
class Side:
    """One of the two versions."""

    name: Literal["base", "candidate"]
    asked: str
    """As the user wrote it, with its commit."""
    root: Path
    """Holds `bench/`: a checkout of its own."""
    python: Path


@dataclass(frozen=True)
class Counts:
    """What one unit of a workload does on one side: see `bench.gate.duel.counters.Counted`."""

    totals: Mapping[str, float]
    operators: Mapping[str, int]
    calls: Mapping[str, int]
    torch: str


@dataclass(frozen=True)
class Block:
    """What units of one workload took, one after another in one process."""

    cost_s: Sequence[float]
    """Of each unit: seconds of the processor, over all threads; on CUDA between two events."""
    asleep_s: float
    """Of the unit that slept least: neither running nor waiting for a processor."""
    switches: int
    """Of the unit with the fewest: times that it gave up its processor of its own accord."""


@dataclass(frozen=True)
class Waits:
    """How little the units of a workload waited on one side, over all its blocks."""

    asleep_s: float
    switches: int
    cost_s: float
    """Least processor seconds of a unit."""


@dataclass(frozen=True)
class Finding:
    """One quantity of one workload, compared."""

    workload: str
    """Or `accuracy`."""
    tier: Tier
    quantity: str
    """The counter's name, or `cpu_time`, `peak_memory`, `accuracy`."""
    word: Word
    base: float | None
    candidate: float | None
    change: float | None
    """Relative: 0.1 where the candidate has a tenth more; of accuracy the difference."""
    bound: float | None = None
    """The upper 95 % bound of a change for the worse, where it was measured and not counted."""
    samples: int | None = None
    """Restarts, or cells."""
    detail: tuple[str, ...] = ()
    """What grew, by name."""


@dataclass(frozen=True)
class Duel:
    """All that was found."""

    suite: str
    base: str
    candidate: str
    conditions: Mapping[str, Any]
    machine: str
    findings: Sequence[Finding]
    not_comparable: Mapping[str, str]
    """Why, by workload."""
    broken: Mapping[str, str] = field(default_factory=dict)
    """What the candidate can't do any more, by workload, with its error."""
    ratios: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Log ratios of all restarts by `workload quantity`."""
    notes: Sequence[str] = ()
    seconds: float = 0.0
