"""What counts as worse: `throughput:5%`, `accuracy:ci`, `peak_rss:20MiB`. Pure."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bench.errors import BenchError
from bench.gate.quantities import UNITS, Kind, Quantity, counter, quantity

How = Literal["ci", "percent", "absolute"]

MARGINS: Mapping[Kind, float] = {"score": 0.03, "time": math.log(1.08), "peak": math.log(1.03)}
"""What an interval must exclude before `ci` calls two sides the same: a loss of 3 points, 8 % more time, 3 % more of a
peak. Otherwise any interval around no change would do, however wide."""

FORMS = "write METRIC:5%, METRIC:ci or METRIC:VALUE with its unit, as in peak_rss:20MiB"


@dataclass(frozen=True)
class Rule:
    """One `--fail-on`."""

    quantity: Quantity
    how: How
    tolerance: float
    """A share where `percent`, in the quantity's unit where `absolute`, 0 where `ci`."""

    @property
    def text(self) -> str:
        """The rule as a user would write it."""
        name = f"{self.quantity.name}:{'-' if self.kept_up else ''}"
        if self.how == "ci":
            return f"{name}ci"
        if self.how == "percent":
            return f"{name}{self.tolerance * 100:g}%"
        unit, factor = ("pp", 0.01) if self.quantity.unit == "share" else (self.quantity.unit, 1.0)
        return f"{name}{self.tolerance / factor:g}{unit if self.tolerance else ''}"

    @property
    def kept_up(self) -> bool:
        """Whether it is of a counter that must not fall, written with a minus as in `images_per_second:-5%`."""
        return self.quantity.kind == "count" and self.quantity.higher_is_better

    @property
    def relative(self) -> bool:
        """Whether changes are log ratios; else they are differences."""
        return self.how == "percent" or (self.how == "ci" and self.quantity.kind != "score")

    @property
    def sign(self) -> int:
        """What makes a change positive where it is for the worse."""
        return -1 if self.quantity.higher_is_better else 1

    @property
    def floor(self) -> float:
        """The smallest change for the worse that counts, in the measure of `change`."""
        if self.how != "percent":
            return self.tolerance
        # of a fall and of a growth by the same share the logs differ
        return -math.log1p(-self.tolerance) if self.quantity.higher_is_better else math.log1p(self.tolerance)

    @property
    def margin(self) -> float:
        """What the worse end of an interval must stay under before the two sides are the same."""
        return MARGINS.get(self.quantity.kind, 0.0) if self.how == "ci" else self.floor

    @property
    def by_interval(self) -> bool:
        """Whether figures are judged by their interval over seeds; exact ones, and peaks with a tolerance, are not."""
        kind = self.quantity.kind
        return kind in ("score", "time") or (kind == "peak" and self.how == "ci")

    def change(self, base: float, new: float) -> float:
        """Return what `new` is over `base`: a difference, or a log ratio.

        A ratio from or to nothing is infinite; of figures below nothing there is none, and it is not a number.
        """
        if not self.relative or base == new:
            return new - base
        if base < 0 or new < 0:
            return math.nan
        if base == 0 or new == 0:
            return math.inf if new > base else -math.inf
        ratio = new / base
        # so far apart that their ratio is no number any more; their logs are
        return math.log(ratio) if 0 < ratio < math.inf else math.log(new) - math.log(base)


def parse_rule(text: str, counters: Iterable[str] = ()) -> Rule:
    """Return the rule of a `--fail-on`; one that can't be meant is refused."""
    # the last colon: names of counters are other people's, and may hold some themselves
    name, colon, limit = (part.strip() for part in text.rpartition(":"))
    if not colon or not limit or not name:
        raise BenchError(f"--fail-on {text!r}: no rule; {FORMS}")
    of = quantity(name, counters)
    if of.kind == "count" and limit.startswith("-"):
        of, limit = replace(of, higher_is_better=True), limit[1:]
    return _limit(text, of, limit)


def _limit(text: str, of: Quantity, limit: str) -> Rule:
    if limit == "ci":
        return Rule(of, "ci", 0.0)
    found = re.fullmatch(r"([0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*(\D*)", limit)
    if not found:
        raise BenchError(f"--fail-on {text!r}: {limit!r} is no limit; {FORMS}")
    return _limited(text, of, float(found[1]), found[2])


def _limited(text: str, of: Quantity, value: float, unit: str) -> Rule:
    if unit == "%":
        return _percent(text, of, value / 100)
    units = UNITS[of.unit]
    if unit not in units and value != 0:
        raise BenchError(f"--fail-on {text!r}: write {_example(of)}, or {of.name}:ci")
    return Rule(of, "absolute", value * units.get(unit, 1.0))


def _percent(text: str, of: Quantity, share: float) -> Rule:
    if of.kind == "score":
        raise BenchError(f"--fail-on {text!r}: per cent of a share can be read in two ways; write {_example(of)}")
    if of.higher_is_better and share >= 1:
        raise BenchError(f"--fail-on {text!r}: nothing falls by 100 % or more; write less, as in {of.name}:5%")
    return Rule(of, "percent", share)


def _example(of: Quantity) -> str:
    if of.kind == "score":
        return f"points, as in {of.name}:1pp"
    units = [unit for unit in UNITS[of.unit] if unit]
    told = f"a unit ({', '.join(units)})" if units else "a number"
    return f"{told} or per cent, as in {of.name}:5%"


def parse_rules(texts: Sequence[str], counters: Iterable[str] = ()) -> tuple[Rule, ...]:
    """Return the rules of a command line, each once."""
    counted = list(counters)
    return tuple(dict.fromkeys(parse_rule(text, counted) for text in texts))


def usual_rules(has: Iterable[str], counters: Iterable[str], limits: Mapping[str, str]) -> tuple[Rule, ...]:
    """Return the rules where none is given: of runs accuracy, speed and memory; of benchmarks their counters and time.

    `has` names the figures that the two sides hold. `limits` says how much a counter may grow; one that it does not
    name may not grow at all.
    """
    names = set(has)
    rules = parse_rules(["accuracy:ci", "throughput:5%", "peak_rss:3%"] if "accuracy" in names else [])
    if "min" not in names:
        return rules
    counted = [_limit(name, counter(name), limits.get(name, "0")) for name in sorted(counters)]
    return (*rules, *counted, *parse_rules(["min:5%"]))
