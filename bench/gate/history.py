"""How rows fared over the saved baselines. Pure."""

import fnmatch
import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.errors import BenchError
from bench.gate.change_points import Shift, shifts
from bench.gate.comparability import Mismatch, mismatches
from bench.gate.quantities import Quantity, quantity
from bench.gate.samples import Name, Sample, Side, keyed, label, told_apart_by


@dataclass(frozen=True)
class Point:
    """A row in one baseline."""

    baseline: str
    made_at: str
    value: float
    """Mean over the seeds that all points of the series have."""


@dataclass(frozen=True)
class Series:
    """A row over the baselines that can be held against the last one which has it."""

    row: Name
    seeds: tuple[int, ...]
    points: tuple[Point, ...]
    """Oldest first."""
    shifts: tuple[Shift, ...]


@dataclass(frozen=True)
class LeftOut:
    """A baseline that stands in no series of a row, and why."""

    baseline: str
    mismatches: tuple[Mismatch, ...]
    """Empty where it shares no seed with the last."""


@dataclass(frozen=True)
class History:
    """All that `bench history` shows."""

    quantity: Quantity
    baselines: tuple[str, ...]
    series: tuple[Series, ...]
    left_out: tuple[LeftOut, ...]


Samples = dict[int, Sample]


def follow(baselines: Sequence[Side], pattern: str = "*", metric: str | None = None) -> History:
    """Follow the rows whose label fits a glob over baselines, which are given oldest first."""
    of = quantity(metric or _usual(baselines), {name for side in baselines for name in side.counters})
    apart = sorted({name for side in baselines for name in told_apart_by(side)})
    sides = [(side, keyed(side, apart)) for side in baselines]
    rows = dict.fromkeys(row for _, found in sides for row in found if fnmatch.fnmatchcase(label(row), pattern))
    if baselines and not rows:
        raise BenchError(f"no row fits {pattern!r}; `bench baseline show` tells their names, and a glob wants quotes")
    series: list[Series] = []
    left_out: list[LeftOut] = []
    for row in rows:
        having = [(side, _measured(found.get(row, {}), of)) for side, found in sides]
        having = [(side, samples) for side, samples in having if samples]
        if having:
            made, without = _series(row, having, of)
            series.append(made)
            left_out += without
    return History(of, tuple(side.title for side in baselines), tuple(series), tuple(dict.fromkeys(left_out)))


def _usual(baselines: Sequence[Side]) -> str:
    figures = {name for side in baselines for name in side.figures}
    return "min" if "min" in figures and "throughput" not in figures else "throughput"


def _measured(samples: Samples, of: Quantity) -> Samples:
    return {seed: sample for seed, sample in samples.items() if of.name in sample.figures}


def _series(row: Name, having: Sequence[tuple[Side, Samples]], of: Quantity) -> tuple[Series, list[LeftOut]]:
    """Return a row's series and the baselines that are not in it."""
    _, last = having[-1]
    kept, left_out = [], []
    for side, samples in having:
        shared = samples.keys() & last.keys()
        differing = [
            each
            for seed in sorted(shared)
            for each in mismatches(samples[seed].conditions, last[seed].conditions, of, ())
        ]
        if differing or not shared:
            left_out.append(LeftOut(side.title, tuple(dict.fromkeys(differing))))
        else:
            kept.append((side, samples))
    seeds = sorted(set.intersection(*(set(samples) for _, samples in kept)))
    points = [Point(side.title, side.made_at or "", _mean(samples, seeds, of)) for side, samples in kept if seeds]
    return Series(row, tuple(seeds), tuple(points), shifts([point.value for point in points])), left_out


def _mean(samples: Samples, seeds: Sequence[int], of: Quantity) -> float:
    return math.fsum(samples[seed].figures[of.name] for seed in seeds) / len(seeds)
