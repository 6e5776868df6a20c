"""When do two versions differ? Ratios from restarts, judged while they come in. Pure.

Blocks of one pair of processes are not independent: each pair carries a bias of its own, so a restart of the pair gives
one number and no more (Kalibera and Jones, 2013). The looks at the numbers share the error among them (Pocock, 1977),
the later ones being stricter.
"""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from scipy.special import stdtr, stdtrit

from bench.statistics.paired import holm

Word = Literal["worse", "better", "same", "unknown"]
# 20 pairs of blocks within one pair of processes gave 11 to 25 % false alarms; six restarts find a slowdown of a tenth
# in 84 to 85 % of duels, twelve in 99 to 100 %
FLOOR = 0.05
"""A change that is smaller is no finding, however certain."""
SAME = 0.08
"""Two versions are the same where the upper 95 % bound of a change for the worse stays under this."""


@dataclass(frozen=True)
class Look:
    """A point at which the numbers so far are judged."""

    restarts: int
    level: float
    """One-sided, of each look; over all looks they come to 0.01."""


LOOKS = (Look(6, 0.005), Look(12, 0.0033), Look(20, 0.0017))


@dataclass(frozen=True)
class Effect:
    """How much more the candidate takes, over restarts: the mean ratio minus one."""

    restarts: int
    change: float
    low: float
    """One-sided 95 % bounds."""
    high: float
    p_worse: float
    p_better: float


def effect(ratios: Sequence[float]) -> Effect:
    """Return the effect of log ratios (candidate over base), one per restart, by Student's t (1908)."""
    count = len(ratios)
    if count < 2:
        raise ValueError("an effect needs two restarts or more")
    mean = math.fsum(ratios) / count
    error = statistics.stdev(ratios) / math.sqrt(count)
    half = float(stdtrit(count - 1, 0.95)) * error
    # without any spread what the mean says is certain
    p_worse = float(stdtr(count - 1, -mean / error)) if error > 0 else 0.5 - math.copysign(0.5, mean) * (mean != 0)
    change, low, high = (math.expm1(each) for each in (mean, mean - half, mean + half))
    return Effect(count, change, low, high, p_worse, 1 - p_worse)


@dataclass(frozen=True)
class Decision:
    """What came of one quantity of one workload."""

    word: Word
    effect: Effect


def judge(effects: Sequence[Effect], level: float) -> list[Decision]:
    """Decide on each effect at one look, p-values corrected for their number (Holm, 1979)."""
    worse = holm([each.p_worse for each in effects])
    better = holm([each.p_better for each in effects])
    return [Decision(_word(*each, level), each[0]) for each in zip(effects, worse, better, strict=True)]


def _word(found: Effect, p_worse: float, p_better: float, level: float) -> Word:
    if found.change > FLOOR and p_worse < level:
        return "worse"
    if found.change < -FLOOR / (1 + FLOOR) and p_better < level:  # as far below as the floor is above, in log
        return "better"
    return "same" if found.high < SAME else "unknown"


@dataclass
class Trial:
    """One set of restarts. It goes on while a quantity is open, to the last look at most."""

    names: Sequence[str]
    """Of the quantities that are compared, one family for the correction."""
    looks: Sequence[Look] = LOOKS
    ratios: dict[str, list[float]] = field(default_factory=dict)
    decided: dict[str, Decision] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ratios = {name: [] for name in self.names}

    @property
    def open(self) -> list[str]:
        """The quantities of which nothing is decided yet."""
        return [name for name in self.names if name not in self.decided]

    def add(self, ratios: Mapping[str, float]) -> None:
        """Take the log ratios of one more restart, for all that is open; decide where it is time for a look."""
        for name in self.open:
            self.ratios[name].append(ratios[name])
        count = max(len(self.ratios[name]) for name in self.open)
        for look in self.looks:
            if look.restarts == count:
                self._decide(look)

    def _decide(self, look: Look) -> None:
        # those decided earlier stay in the family: else the correction would weaken from look to look
        found = judge([effect(self.ratios[name]) for name in self.names], look.level)
        last = look == self.looks[-1]
        for name, decision in zip(self.names, found, strict=True):
            if name not in self.decided and (decision.word != "unknown" or last):
                self.decided[name] = decision


def confirmed(first: Mapping[str, Decision], second: Mapping[str, Decision]) -> dict[str, Decision]:
    """Return the decisions of a first set of restarts.

    *Worse* stands only where a second, independent set says so too; else it becomes *unknown*.
    """
    return {
        name: replace(decision, word="unknown") if _refuted(decision, second.get(name)) else decision
        for name, decision in first.items()
    }


def _refuted(first: Decision, second: Decision | None) -> bool:
    return first.word == "worse" and (second is None or second.word != "worse")


def worse(decisions: Mapping[str, Decision]) -> list[str]:
    """Return the names of what became worse."""
    return [name for name, decision in decisions.items() if decision.word == "worse"]


def log_ratio(base: Iterable[float], candidate: Iterable[float]) -> float:
    """Return the log of the least cost of the candidate's units over that of the base's."""
    return math.log(min(candidate) / min(base))
