"""How the figures of each row moved over the saved baselines. Pure."""

import fnmatch
import math
from collections.abc import Iterable, Mapping, Sequence
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
    """A row over those baselines that can be compared with the last one which has the row."""

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
    baselines = [side.judged_by([metric] if metric else []) for side in baselines]
    of = _quantity(baselines, metric)
    apart = sorted(set().union(*map(told_apart_by, baselines)))
    sides = [(side, keyed(side, apart)) for side in baselines]
    rows = [row for row in _rows(sides) if fnmatch.fnmatchcase(label(row), pattern)]
    if baselines and not rows:
        raise BenchError(f"no row fits {pattern!r}; `bench baseline show` tells their names, and a glob wants quotes")
    made = [_series(row, having, of) for row in rows if (having := _having(row, sides, of))]
    left_out = dict.fromkeys(each for _, without in made for each in without)
    return History(of, tuple(side.title for side in baselines), tuple(series for series, _ in made), tuple(left_out))


def _rows(sides: Iterable[tuple[Side, Mapping[Name, Samples]]]) -> Iterable[Name]:
    """Return the rows of all sides, each once, in the order in which they appear."""
    return dict.fromkeys(row for _, found in sides for row in found)


def _having(
    row: Name, sides: Iterable[tuple[Side, Mapping[Name, Samples]]], of: Quantity
) -> list[tuple[Side, Samples]]:
    """Return the sides on which a row has the figure, each with the samples that have it."""
    measured = [(side, _measured(found.get(row, {}), of)) for side, found in sides]
    return [(side, samples) for side, samples in measured if samples]


def _quantity(baselines: Sequence[Side], metric: str | None) -> Quantity:
    """Return the quantity of a name; where none is named throughput, of benchmark files the least time."""
    figures: set[str] = set().union(*(side.figures for side in baselines))
    counters: set[str] = set().union(*(side.counters for side in baselines))
    usual = "min" if "min" in figures and "throughput" not in figures else "throughput"
    return quantity(metric or usual, counters)


def _measured(samples: Samples, of: Quantity) -> Samples:
    return {seed: sample for seed, sample in samples.items() if of.name in sample.figures}


def _series(row: Name, having: Sequence[tuple[Side, Samples]], of: Quantity) -> tuple[Series, list[LeftOut]]:
    """Return a row's series and the baselines that are not in it."""
    _, last = having[-1]
    kept, left_out = [], []
    for side, samples in having:
        differing = _differing(samples, last, of)
        if differing or not samples.keys() & last.keys():
            left_out.append(LeftOut(side.title, differing))
        else:
            kept.append((side, samples))
    seeds = sorted(set.intersection(*(set(samples) for _, samples in kept)))
    points = [Point(side.title, side.made_at or "", _mean(samples, seeds, of)) for side, samples in kept if seeds]
    return Series(row, tuple(seeds), tuple(points), shifts([point.value for point in points])), left_out


def _differing(samples: Samples, last: Samples, of: Quantity) -> tuple[Mismatch, ...]:
    """Return what must be equal, and is not, in the seeds that both have."""
    differing = (
        each
        for seed in sorted(samples.keys() & last.keys())
        for each in mismatches(samples[seed].conditions, last[seed].conditions, of, ())
    )
    return tuple(dict.fromkeys(differing))


def _mean(samples: Samples, seeds: Sequence[int], of: Quantity) -> float:
    return math.fsum(samples[seed].figures[of.name] for seed in seeds) / len(seeds)
