"""Two sides in, a verdict per row and rule out: better, worse, same, unknown, or not comparable and why. Pure."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from bench.errors import Exit
from bench.gate.changes import Change, averaged, change_of
from bench.gate.comparability import MISSING, Mismatch, differences, mismatches
from bench.gate.rules import Rule
from bench.gate.samples import Name, Sample, Side, keyed, told_apart_by
from bench.statistics.paired import holm

Word = Literal["worse", "not comparable", "unknown", "better", "same"]
LEVEL = 0.05
ROUNDING = 1e-12
"""Changes that differ by less than this are equal: a limit of 5 % is not passed by 5 %."""
LOST = {"failed", "oom", "timeout", "diverged"}
"""Ends of a cell that are a regression where it had figures before; `skipped` tells of the place, not of the code."""


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
    """Corrected for the number of tests in the whole comparison (Holm, 1979)."""
    mismatches: tuple[Mismatch, ...] = ()
    reason: str | None = None
    """Why there is no change to judge."""

    @property
    def word(self) -> Word:
        """What the rule says of the row."""
        if self.mismatches:
            return "not comparable"
        if self.change is None or self.same_measurement:
            return "unknown"
        return judge(self.rule, self.change, self.p)

    @property
    def maybe_better(self) -> bool:
        """Whether the interval is open towards better: its better end lies beyond the limit."""
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
    return _judge_interval(rule, change, p) if rule.by_interval else _judge_value(rule, change)


def _judge_value(rule: Rule, change: Change) -> Word:
    if change.value is None:
        return "unknown"
    worse = rule.sign * change.value
    if worse > rule.floor + ROUNDING:
        return "worse"
    return "better" if worse < -rule.floor - ROUNDING else "same"


def _judge_interval(rule: Rule, change: Change, p: float | None) -> Word:
    if change.value is None or change.low is None or change.high is None or p is None:
        return "unknown"
    if p < LEVEL and abs(change.value) >= rule.floor - ROUNDING:
        return "worse" if rule.sign * change.value > 0 else "better"
    best, worst = sorted((rule.sign * change.low, rule.sign * change.high))
    # an interval that excludes no change at all is not called the same where any change counts
    told = worst < rule.margin and (rule.how != "ci" or best <= 0)
    return "same" if told else "unknown"


@dataclass(frozen=True)
class Kept:
    """What a row's benchmarks keep under a name, on either side; of several samples the first."""

    row: Name
    name: str
    base: Any
    new: Any


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
    kept: tuple[Kept, ...] = ()
    """What benchmarks keep beside their times, and no rule judges."""

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
        # all rows together may be worse where no single row is; else they stand in no row's way
        words = {verdict.word for verdict in self.verdicts if verdict.row}
        worse = any(verdict.word == "worse" for verdict in self.verdicts)
        if worse or any(sample.status in LOST for sample in self.lost):
            return Exit.GATE_FAILED
        if "not comparable" in words:
            return Exit.NOT_COMPARABLE
        return Exit.NOTHING_COMPARED if "unknown" in words or not words or self._incomplete else Exit.OK

    @property
    def _incomplete(self) -> bool:
        """Whether something of the base was left unjudged."""
        missing = self.only_in_base and MISSING not in self.allowed
        return bool(self.without or self.lost or missing)


Pair = tuple[Sample, Sample]
"""Base and new."""
Pairs = dict[int, Pair]
"""By seed."""


def compare(base: Side, new: Side, rules: Iterable[Rule], allowed: Collection[str] = ()) -> Comparison:
    """Compare two sides: rows by their names, cells by their seeds."""
    apart = sorted(told_apart_by(base) | told_apart_by(new))
    left, right = keyed(base, apart), keyed(new, apart)
    both = {row: _paired(samples, right.get(row, {})) for row, samples in left.items()}
    measured = {row: _measured(pairs) for row, pairs in both.items()}
    pairs = [pair for row in both.values() for pair in row.values()]
    listed = tuple(rules)
    verdicts = [verdict for rule in listed for verdict in _of_rule(rule, measured, allowed)]
    return Comparison(
        base,
        new,
        listed,
        tuple(allowed),
        _corrected(verdicts),
        only_in_base=_only(left, right),
        only_in_new=_only(right, left) + _new_of(pairs, base=False, new=True),
        lost=_new_of(pairs, base=True, new=False),
        neither=len(_new_of(pairs, base=False, new=False)),
        harmless=_harmless([pair for pair in pairs if all(sample.figures for sample in pair)], verdicts),
        kept=tuple(each for row, of_row in both.items() for each in _kept(row, of_row, listed)),
    )


Rows = dict[Name, dict[int, Sample]]


def _paired(left: Mapping[int, Sample], right: Mapping[int, Sample]) -> Pairs:
    """Return the samples of one row that both sides have, by seed."""
    return {seed: (left[seed], right[seed]) for seed in sorted(left.keys() & right.keys())}


def _measured(pairs: Pairs) -> Pairs:
    """Return the pairs in which both sides have figures."""
    return {seed: pair for seed, pair in pairs.items() if all(sample.figures for sample in pair)}


def _new_of(pairs: Iterable[Pair], base: bool, new: bool) -> tuple[Sample, ...]:
    """Return the new side's samples of the pairs in which base and new have figures, or not, as it is said."""
    return tuple(two for one, two in pairs if (bool(one.figures), bool(two.figures)) == (base, new))


def _kept(row: Name, pairs: Pairs, rules: Iterable[Rule]) -> list[Kept]:
    """Return what the first pair of a row keeps, and no rule judges."""
    if not pairs:
        return []
    base, new = pairs[min(pairs)]
    named = {rule.quantity.name for rule in rules}
    names = [name for name in dict.fromkeys([*base.kept, *new.kept]) if name not in named]
    return [Kept(row, name, base.kept.get(name), new.kept.get(name)) for name in names]


def _harmless(pairs: Iterable[Pair], verdicts: Iterable[Verdict]) -> tuple[Mismatch, ...]:
    """Return the conditions that differ in a pair and stand in no verdict's way."""
    blocking = {each for verdict in verdicts for each in verdict.mismatches}
    differing = (each for base, new in pairs for each in differences(base.conditions, new.conditions))
    return tuple(each for each in dict.fromkeys(differing) if each not in blocking)


def _only(left: Rows, right: Rows) -> tuple[Sample, ...]:
    """Return the samples with figures whose row or seed the other side lacks."""
    return tuple(
        sample
        for row, samples in left.items()
        for seed, sample in samples.items()
        if sample.figures and seed not in right.get(row, {})
    )


def _of_rule(rule: Rule, rows: dict[Name, Pairs], allowed: Collection[str]) -> list[Verdict]:
    """Return the verdicts of a rule on all rows that have its figure, headed by that on all of them together."""
    found = [each for row, pairs in rows.items() if (each := _of_row(rule, row, pairs, allowed)) is not None]
    usable = {each.row for each in found if each.change and not each.change.shared and not each.same_measurement}
    together = _together(rule, [rows[row] for row in rows if row in usable])
    return [*([together] if together else []), *found]


def _of_row(rule: Rule, row: Name, pairs: Pairs, allowed: Collection[str]) -> Verdict | None:
    """Return the verdict of a rule on a row; null where neither side has the figure."""
    name = rule.quantity.name
    having = [pair for pair in pairs.values() if any(name in sample.figures for sample in pair)]
    if not having:
        return None
    if found := _differing(rule, having, allowed):
        return Verdict(row, rule, None, None, None, mismatches=found)
    if lacking := _lacking(name, having):
        return Verdict(row, rule, None, None, None, reason=f"{' and '.join(lacking)} has cells without it")
    figures = [(base.figures[name], new.figures[name]) for base, new in having]
    return _verdict(row, rule, figures)


def _differing(rule: Rule, pairs: Iterable[Pair], allowed: Collection[str]) -> tuple[Mismatch, ...]:
    """Return what must be equal for a rule, differs in a pair and was not allowed, each once."""
    differing = (
        each for base, new in pairs for each in mismatches(base.conditions, new.conditions, rule.quantity, allowed)
    )
    return tuple(dict.fromkeys(differing))


def _lacking(name: str, pairs: Sequence[Pair]) -> list[str]:
    """Name the sides that have a sample without the figure."""
    sides = zip(("BASE", "NEW"), zip(*pairs, strict=True), strict=True)
    return [side for side, samples in sides if any(name not in sample.figures for sample in samples)]


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
    changed = [_by_seed(rule, pairs) for pairs in rows]
    seeds = sorted(set.intersection(*map(set, changed)))
    if len(seeds) < 2:
        return None
    if not all(math.isfinite(each[seed]) for each in changed for seed in seeds):
        return None  # what rose from nothing or fell to nothing has no mean with others
    changes = [math.fsum(each[seed] for each in changed) / len(rows) for seed in seeds]
    change = averaged(changes, equal=all(each == 0 for each in changes))
    return Verdict((), rule, None, None, change, change.p)


def _by_seed(rule: Rule, pairs: Pairs) -> dict[int, float]:
    """Return the changes of a row's pairs in which both have the figure."""
    name = rule.quantity.name
    return {
        seed: rule.change(base.figures[name], new.figures[name])
        for seed, (base, new) in pairs.items()
        if name in base.figures and name in new.figures
    }


def _corrected(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """Return the verdicts with their p-values corrected for the number of tests in all of them."""
    tested = [place for place, verdict in enumerate(verdicts) if verdict.p is not None]
    corrected = dict(zip(tested, holm([verdicts[place].p or 0.0 for place in tested]), strict=True))
    return tuple(replace(verdict, p=corrected.get(place)) for place, verdict in enumerate(verdicts))
