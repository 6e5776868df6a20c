"""Two sides -> a verdict per row and rule: better, worse, same, unknown, or not comparable and why. Pure."""

import math
import statistics
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from bench.errors import Exit
from bench.gate.comparability import MISSING, Mismatch, differences, mismatches
from bench.gate.rules import Rule
from bench.gate.samples import Name, Sample, Side, keyed, told_apart_by
from bench.statistics.intervals import mean_interval
from bench.statistics.paired import holm

Word = Literal["worse", "not comparable", "unknown", "better", "same"]
LEVEL = 0.05
ROUNDING = 1e-12
"""Changes that differ by less than this are equal: a limit of 5 % is not passed by 5 %."""
LOST = {"failed", "oom", "timeout", "diverged"}
"""Ends of a cell that are a regression where it had figures before; `skipped` tells of the place, not of the code."""


@dataclass(frozen=True)
class Change:
    """What the new side is over the base, as the rule tells it: a difference, or the log of a ratio."""

    value: float
    """By interval the mean over pairs; of peaks their median, of exact figures the worst pair."""
    low: float | None
    high: float | None
    """The 95 % interval of the mean; null with a single pair, and where none is needed."""
    p: float | None
    """Two-sided, of no change; null where there is no interval."""
    pairs: int
    equal: bool
    """Whether every pair is equal to the last digit."""
    shared: bool = False
    """Whether cells carry a time that was measured once for several of them."""


@dataclass(frozen=True)
class Verdict:
    """One rule on one row."""

    row: Name
    """Empty: all rows together."""
    rule: Rule
    base: float | None
    """Mean over the pairs."""
    new: float | None
    change: Change | None
    p: float | None = None
    """Corrected for the number of tests of the whole comparison (Holm, 1979)."""
    mismatches: tuple[Mismatch, ...] = ()
    reason: str | None = None
    """Why there is no change to judge."""

    @property
    def word(self) -> Word:
        """What a gate does with it hangs on this."""
        if self.mismatches:
            return "not comparable"
        if self.change is None or self.same_measurement:
            return "unknown"
        return judge(self.rule, self.change, self.p)

    @property
    def maybe_better(self) -> bool:
        """Whether the interval ends below the limit for the worse, but not for the better."""
        if self.change is None or self.change.low is None or self.change.high is None:
            return False
        return min(self.rule.sign * self.change.low, self.rule.sign * self.change.high) < -self.rule.margin

    @property
    def same_measurement(self) -> bool:
        """Whether both sides carry times that were measured once, as cells with features from one cache do."""
        return bool(self.row) and self.rule.quantity.kind == "time" and bool(self.change and self.change.equal)


def judge(rule: Rule, change: Change, p: float | None) -> Word:
    """Return what a change is by a rule; `p` is corrected for the number of tests."""
    if change.equal:
        return "same"
    if not rule.by_interval:
        worse = rule.sign * change.value
        return "worse" if worse > rule.floor + ROUNDING else "better" if worse < -rule.floor - ROUNDING else "same"
    if change.low is None or change.high is None or p is None:
        return "unknown"
    ends = sorted((rule.sign * change.low, rule.sign * change.high))
    if p < LEVEL and abs(change.value) >= rule.floor - ROUNDING:
        return "worse" if rule.sign * change.value > 0 else "better"
    told = ends[1] < rule.margin and (rule.how != "ci" or ends[0] <= 0)
    return "same" if told else "unknown"


def change_of(rule: Rule, pairs: Sequence[tuple[float, float]]) -> Change:
    """Return the change over pairs of base and new.

    Figures that vary are judged by Student's t over the pairs (1908), on log ratios where the rule is relative. Where
    the pairs don't vary at all, a shift is certain and equality too.
    """
    changes = [rule.change(base, new) for base, new in pairs]
    equal = all(each == 0 for each in changes)
    if not rule.by_interval:
        worst = max(changes, key=lambda each: rule.sign * each)
        value = statistics.median(changes) if rule.quantity.kind == "peak" else worst
        if rule.quantity.kind != "peak" and rule.sign * worst <= 0:
            value = min(changes, key=lambda each: rule.sign * each)
        return Change(value, None, None, None, len(pairs), equal)
    if rule.quantity.kind != "time" or equal:
        return _averaged(changes, equal)
    apart = measured_apart(pairs, changes)
    return _averaged([math.fsum(group) / len(group) for group in apart], equal, len(apart) < len(pairs))


def _averaged(changes: Sequence[float], equal: bool, shared: bool = False) -> Change:
    if len(changes) == 1 or not all(map(math.isfinite, changes)):
        return Change(math.fsum(changes) / len(changes), None, None, None, len(changes), equal, shared)
    found = mean_interval(changes)
    return Change(found.mean, found.low, found.high, _p(changes), len(changes), equal, shared)


def measured_apart(pairs: Sequence[tuple[float, float]], changes: Sequence[float]) -> list[list[float]]:
    """Group the changes of pairs that share a measurement; a pair that shares its own is left out.

    Cells that share frozen features or a profile carry one and the same time: equal to the last digit, it is one
    measurement, and its noise is in all of them.
    """
    groups: list[tuple[set[float], set[float], list[float]]] = []
    for (base, new), change in zip(pairs, changes, strict=True):
        if base == new:
            continue
        near = [group for group in groups if base in group[0] or new in group[1]]
        groups = [group for group in groups if group not in near]
        merged = ({base}, {new}, [change])
        for group in near:
            merged = (merged[0] | group[0], merged[1] | group[1], group[2] + merged[2])
        groups.append(merged)
    return [changes for _, _, changes in groups]


def _p(changes: Sequence[float]) -> float:
    from scipy.special import stdtr

    mean, error = math.fsum(changes) / len(changes), statistics.stdev(changes) / math.sqrt(len(changes))
    if error == 0:
        return float(mean == 0)
    return float(2 * stdtr(len(changes) - 1, -abs(mean / error)))


@dataclass(frozen=True)
class Comparison:
    """All that came of holding one side against another."""

    base: Side
    new: Side
    rules: tuple[Rule, ...]
    allowed: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    """By rule, rows in the order of BASE; all rows together first."""
    only_in_base: tuple[Sample, ...]
    only_in_new: tuple[Sample, ...]
    lost: tuple[Sample, ...]
    """Of the new side: without figures, though the base has them."""
    neither: int
    """Cells without figures on both sides."""
    harmless: tuple[Mismatch, ...]
    """What differs and stands in no verdict's way: allowed, or needed by none of the rules."""

    @property
    def without(self) -> tuple[Rule, ...]:
        """Rules for which no row has a figure on either side."""
        judged = {verdict.rule for verdict in self.verdicts}
        return tuple(rule for rule in self.rules if rule not in judged)

    def count(self, word: Word) -> int:
        """Return how many rows got a word; all of them together is not one more."""
        return sum(verdict.word == word and bool(verdict.row) for verdict in self.verdicts)

    @property
    def exit_code(self) -> Exit:
        """A regression that was shown counts most; then what can't be compared, then what nobody knows."""
        words = {verdict.word for verdict in self.verdicts if verdict.row}
        overall = {verdict.word for verdict in self.verdicts if not verdict.row}
        if "worse" in words | overall or any(sample.status in LOST for sample in self.lost):
            return Exit.GATE_FAILED
        if "not comparable" in words:
            return Exit.NOT_COMPARABLE
        missing = self.only_in_base and MISSING not in self.allowed
        if "unknown" in words or not words or self.without or self.lost or missing:
            return Exit.NOTHING_COMPARED
        return Exit.OK


Pairs = dict[int, tuple[Sample, Sample]]


def compare(base: Side, new: Side, rules: Iterable[Rule], allowed: Collection[str] = ()) -> Comparison:
    """Compare two sides: rows by their names, cells by their seeds."""
    apart = sorted(told_apart_by(base) | told_apart_by(new))
    left, right = keyed(base, apart), keyed(new, apart)
    both = {row: {seed: (left[row][seed], right[row][seed]) for seed in _shared(left, right, row)} for row in left}
    measured = {row: {seed: pair for seed, pair in pairs.items() if _measured(*pair)} for row, pairs in both.items()}
    listed = tuple(rules)
    verdicts = [verdict for rule in listed for verdict in _of_rule(rule, measured, allowed)]
    blocking = {each for verdict in verdicts for each in verdict.mismatches}
    differing = (
        each for pairs in measured.values() for pair in pairs.values() for each in differences(*_conditions(pair))
    )
    return Comparison(
        base,
        new,
        listed,
        tuple(allowed),
        _corrected(verdicts),
        only_in_base=_only(left, right),
        only_in_new=_only(right, left)
        + tuple(two for pairs in both.values() for one, two in pairs.values() if two.figures and not one.figures),
        lost=tuple(two for pairs in both.values() for one, two in pairs.values() if one.figures and not two.figures),
        neither=sum(not one.figures and not two.figures for pairs in both.values() for one, two in pairs.values()),
        harmless=tuple(each for each in dict.fromkeys(differing) if each not in blocking),
    )


def _conditions(pair: tuple[Sample, Sample]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    return pair[0].conditions, pair[1].conditions


Rows = dict[Name, dict[int, Sample]]


def _shared(left: Rows, right: Rows, row: Name) -> list[int]:
    return sorted(left[row].keys() & right.get(row, {}).keys())


def _only(left: Rows, right: Rows) -> tuple[Sample, ...]:
    """Return the samples with figures whose row or seed the other side lacks."""
    return tuple(
        sample
        for row, samples in left.items()
        for seed, sample in samples.items()
        if sample.figures and seed not in right.get(row, {})
    )


def _measured(base: Sample, new: Sample) -> bool:
    return bool(base.figures and new.figures)


def _of_rule(rule: Rule, rows: dict[Name, Pairs], allowed: Collection[str]) -> list[Verdict]:
    """Return the verdicts of a rule on all rows that have its figure, headed by that on all of them together."""
    found = [each for row, pairs in rows.items() if (each := _of_row(rule, row, pairs, allowed)) is not None]
    usable = {each.row for each in found if each.change and not each.change.shared and not each.same_measurement}
    together = _together(rule, [rows[row] for row in rows if row in usable])
    return [*([together] if together else []), *found]


def _of_row(rule: Rule, row: Name, pairs: Pairs, allowed: Collection[str]) -> Verdict | None:
    name = rule.quantity.name
    having = [pair for pair in pairs.values() if name in pair[0].figures or name in pair[1].figures]
    if not having:
        return None
    differing = (
        each for base, new in having for each in mismatches(base.conditions, new.conditions, rule.quantity, allowed)
    )
    if found := tuple(dict.fromkeys(differing)):
        return Verdict(row, rule, None, None, None, mismatches=found)
    lacking = [side for side, at in (("BASE", 0), ("NEW", 1)) if any(name not in pair[at].figures for pair in having)]
    if lacking:
        return Verdict(row, rule, None, None, None, reason=f"{' and '.join(lacking)} has cells without it")
    figures = [(base.figures[name], new.figures[name]) for base, new in having]
    return _verdict(row, rule, figures)


def _verdict(row: Name, rule: Rule, figures: Sequence[tuple[float, float]]) -> Verdict:
    base, new = (math.fsum(side) / len(figures) for side in zip(*figures, strict=True))
    change = change_of(rule, figures)
    return Verdict(row, rule, base, new, change, change.p)


def _together(rule: Rule, rows: Sequence[Pairs]) -> Verdict | None:
    """Return the verdict on the mean change over rows, seed by seed; null where there is nothing to average.

    Rows share their seeds, so that the seed is the unit: its changes are averaged over rows first.
    """
    if not rule.by_interval or len(rows) < 2:
        return None
    name = rule.quantity.name
    changed = [
        {seed: rule.change(*(side.figures[name] for side in pair)) for seed, pair in pairs.items() if _has(pair, name)}
        for pairs in rows
    ]
    seeds = sorted(set.intersection(*(set(each) for each in changed)))
    if len(seeds) < 2:
        return None
    changes = [math.fsum(each[seed] for each in changed) / len(rows) for seed in seeds]
    if not all(map(math.isfinite, changes)):
        return None
    change = _averaged(changes, equal=all(each == 0 for each in changes))
    return Verdict((), rule, None, None, change, change.p)


def _has(pair: Iterable[Sample], name: str) -> bool:
    return all(name in sample.figures for sample in pair)


def _corrected(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    tested = [place for place, verdict in enumerate(verdicts) if verdict.p is not None]
    corrected = dict(zip(tested, holm([verdicts[place].p or 0.0 for place in tested]), strict=True))
    return tuple(replace(verdict, p=corrected.get(place)) for place, verdict in enumerate(verdicts))
