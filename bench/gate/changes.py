"""What one side is over the other in pairs of figures: a mean with its interval, a median, or the worst pair. Pure."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import stdtr

from bench.gate.rules import Rule
from bench.statistics.intervals import mean_interval


@dataclass(frozen=True)
class Change:
    """What the new side is over the base, as the rule tells it: a difference, or the log of a ratio."""

    value: float | None
    """By interval the mean over pairs; of peaks their median, of exact figures the worst pair. Infinite where a figure
    rose from nothing or fell to nothing; null where one rose so and another fell so, which have no mean, and where
    a ratio was asked of a figure below nothing."""
    low: float | None
    high: float | None
    """The 95 % interval of the mean; null with a single pair, and where none is needed."""
    p: float | None
    """Two-sided, for no change at all; null where there is no interval."""
    pairs: int
    equal: bool
    """Whether every pair is equal to the last digit."""
    shared: bool = False
    """Whether cells carry a time that was measured once for several of them."""


def change_of(rule: Rule, pairs: Sequence[tuple[float, float]]) -> Change:
    """Return the change over pairs of base and new.

    Figures that vary are judged by Student's t over the pairs (1908), on log ratios where the rule is relative. Where
    the pairs don't vary at all, a shift is certain and equality too.
    """
    changes = [rule.change(base, new) for base, new in pairs]
    equal = all(each == 0 for each in changes)
    if any(map(math.isnan, changes)):
        return Change(None, None, None, None, len(pairs), equal)
    if not rule.by_interval:
        value = _number(statistics.median(changes)) if rule.quantity.kind == "peak" else _farthest(changes, rule.sign)
        return Change(value, None, None, None, len(pairs), equal)
    if rule.quantity.kind != "time" or equal:
        return averaged(changes, equal)
    apart = measured_apart(pairs, changes)
    return averaged([_mean(group) for group in apart], equal, len(apart) < len(pairs))


def _farthest(changes: Sequence[float], sign: int) -> float:
    """Return the change of the worst pair; where none became worse, of the best."""
    worst = max(changes, key=lambda each: sign * each)
    return worst if sign * worst > 0 else min(changes, key=lambda each: sign * each)


def averaged(changes: Sequence[float], equal: bool, shared: bool = False) -> Change:
    """Return the mean of changes with its interval; without one where there is a single change, or an infinite one."""
    if len(changes) == 1 or not all(map(math.isfinite, changes)):
        return Change(_number(_mean(changes)), None, None, None, len(changes), equal, shared)
    found = mean_interval(changes)
    return Change(found.mean, found.low, found.high, _p(changes), len(changes), equal, shared)


def _mean(changes: Sequence[float]) -> float:
    """Return a mean; not a number where infinite changes go both ways, of which `fsum` would make an error."""
    finite = all(map(math.isfinite, changes))
    return (math.fsum(changes) if finite else sum(changes)) / len(changes)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def measured_apart(pairs: Sequence[tuple[float, float]], changes: Sequence[float]) -> list[list[float]]:
    """Group the changes of pairs that share a measurement; leave out the pairs whose two sides share one.

    Cells that share frozen features or a profile carry one and the same time: equal to the last digit, it is one
    measurement, and its noise is in all of them.
    """
    groups: list[tuple[set[float], set[float], list[float]]] = []
    for (base, new), change in zip(pairs, changes, strict=True):
        if base == new:  # taken from one cache and not measured again: it would dilute what was
            continue
        near = [group for group in groups if base in group[0] or new in group[1]]
        groups = [group for group in groups if group not in near]
        merged = ({base}, {new}, [change])
        for group in near:
            merged = (merged[0] | group[0], merged[1] | group[1], group[2] + merged[2])
        groups.append(merged)
    return [changes for _, _, changes in groups]


def _p(changes: Sequence[float]) -> float:
    mean, error = math.fsum(changes) / len(changes), statistics.stdev(changes) / math.sqrt(len(changes))
    if error == 0:
        return float(mean == 0)
    return float(2 * stdtr(len(changes) - 1, -abs(mean / error)))
