"""Runs a duel: counts, restarts until something is known, once more what is said to be worse, accuracies."""

import contextlib
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.catalog import WORKLOADS
from bench.errors import NotComparable
from bench.gate.duel.accuracy import NotRun, accuracies
from bench.gate.duel.clock import Block
from bench.gate.duel.measured import Counts, Duel, Finding, Side, Tier, Waits
from bench.gate.duel.pair import Pair, Tell, pair
from bench.gate.duel.sequential import LOOKS, Decision, Look, Trial, confirmed, log_ratio, worse
from bench.gate.duel.verdict import differing, of_accuracy, of_counts, of_decision, of_waits
from bench.machine.environment import machine
from bench.suites.workload_suite import WorkloadSuite

TIME, MEMORY = "cpu_time", "peak_memory"
TIERS: Mapping[str, Tier] = {TIME: "time", MEMORY: "memory"}


@dataclass(frozen=True)
class Request:
    """What to compare, and how far to go."""

    suite: WorkloadSuite
    workloads: tuple[str, ...]
    """Of the suite, those wanted."""
    accuracy: Path | None
    """The suite whose accuracies are compared; null: none are."""
    package: Path
    """Holds the workloads' code, which both sides run."""
    accepted: tuple[str, ...] = ()
    looks: Sequence[Look] = LOOKS
    timed: bool = True
    """Whether there are restarts; where not, work and accuracy alone are compared."""


@dataclass
class Bout:
    """What a set of restarts gathers."""

    trials: Mapping[str, Trial]
    """Of time and of memory, each a family of its own."""
    blocks: dict[str, list[tuple[Block, Block]]] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)
    """Of a block, by workload; the same in all restarts."""
    restarts: int = 0

    @classmethod
    def of(cls, names: Mapping[str, Sequence[str]], looks: Sequence[Look]) -> "Bout":
        """Return an empty one of the workloads of each quantity."""
        return cls({quantity: Trial(list(some), looks) for quantity, some in names.items()})

    @property
    def open(self) -> list[str]:
        """Workloads of which something is not known yet."""
        return list(dict.fromkeys(name for trial in self.trials.values() for name in trial.open))

    def add(
        self, blocks: Mapping[str, Sequence[tuple[Block, Block]]], peaks: Mapping[str, tuple[float, float]]
    ) -> None:
        """Take one restart: the median over its turns of the ratio of the least costs."""
        self.restarts += 1
        for name, pairs in blocks.items():
            self.blocks.setdefault(name, []).extend(pairs)
        time_ = {name: statistics.median(log_ratio(a.cost_s, b.cost_s) for a, b in blocks[name]) for name in blocks}
        memory = {name: log_ratio([base], [candidate]) for name, (base, candidate) in peaks.items()}
        for quantity, ratios in ((TIME, time_), (MEMORY, memory)):
            if self.trials[quantity].open:
                self.trials[quantity].add(ratios)

    def decided(self, quantity: str) -> Mapping[str, Decision]:
        """Return what is known of a quantity, by workload."""
        return self.trials[quantity].decided


@dataclass
class Duelling:
    """Two sides on their way through a duel."""

    request: Request
    sides: Sequence[Side]
    scratch: Path
    tell: Tell
    findings: list[Finding] = field(default_factory=list)
    lacking: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    ratios: dict[str, Sequence[float]] = field(default_factory=dict)

    @property
    def targets(self) -> dict[str, str]:
        """The workloads that are wanted, each with what is to be imported."""
        return {name: WORKLOADS.entry(name).target for name in self.request.workloads}

    def pair(self, swapped: bool = False) -> "contextlib.AbstractContextManager[Pair]":
        """Start both sides."""
        return pair(self.sides, self.request.suite.conditions, self.request.package, self.scratch, swapped)

    def count(self) -> list[str]:
        """Compare what one unit of each workload does; return the names of those that both sides can do."""
        with self.pair() as both:
            base, candidate = both.ask_both("facts")
            versions = {key: (base.pop(key), candidate.pop(key)) for key in ("torch", "python")}
            if others := differing(base, candidate):
                raise NotComparable(f"the sides work under other conditions: {'; '.join(others)}; make them the same")
            self.notes += [f"{key}: {one} against {other}" for key, (one, other) in versions.items() if one != other]
            ready = both.prepare(self.targets)
            self.lacking |= both.lacking
            self.broken |= both.broken
            for name in ready:
                self.tell(f"counting {name}")
                counts = [Counts(**each) for each in both.ask_both("count", name=name)]
                if counts[0].torch == counts[1].torch:
                    self.findings += of_counts(name, counts[0], counts[1], self.request.accepted)
            if versions["torch"][0] != versions["torch"][1]:
                self.notes.append("counters are not compared between versions of torch")
        return ready

    def measure(self, names: Sequence[str]) -> None:
        """Compare what units take, in restarts until it is known."""
        first = self._bout({TIME: names, MEMORY: names}, "")
        again = {quantity: worse(first.decided(quantity)) for quantity in first.trials}
        second = self._bout(again, ", once more") if any(again.values()) else None
        for quantity, tier in TIERS.items():
            settled = confirmed(first.decided(quantity), second.decided(quantity) if second else {})
            for name, decision in settled.items():
                self.findings.append(of_decision(name, tier, quantity, decision, self.request.accepted))
                self.ratios[f"{name} {quantity}"] = first.trials[quantity].ratios[name]
        for name in names if self.request.suite.device == "cpu" else ():  # elsewhere the host waits for the device
            base, candidate = (_waits([each[side] for each in first.blocks[name]]) for side in (0, 1))
            self.findings += of_waits(name, base, candidate, self.request.accepted)

    def _bout(self, names: Mapping[str, Sequence[str]], said: str) -> Bout:
        bout = Bout.of(names, self.request.looks)
        while bout.open:
            self.tell(f"restart {bout.restarts + 1}{said}: {', '.join(bout.open)}")
            self.restart(bout)
        return bout

    def restart(self, bout: Bout) -> None:
        """Start both sides, let them take turns at each workload that is open, and end them."""
        names = bout.open
        with self.pair(swapped=bout.restarts % 2 == 1) as both:
            both.ask_both("facts")
            both.prepare({name: self.targets[name] for name in names})
            peaks = {name: both.peaks(name) for name in names}
            both.hold(bout.restarts // 2)
            bout.add({name: self._turns(both, bout, name) for name in names}, peaks)

    def _turns(self, both: Pair, bout: Bout, name: str) -> list[tuple[Block, Block]]:
        measured = both.units(name)
        units = bout.units.setdefault(name, measured)
        return list(both.turns(name, units, swapped=bout.restarts % 2 == 1))

    def learn(self, suite: Path) -> None:
        """Compare accuracies."""
        self.tell(f"accuracies of {suite.stem}")
        try:
            base, candidate = accuracies(self.sides, suite, self.scratch)
        except NotRun as error:
            (self.lacking if error.side.name == "base" else self.broken)["accuracy"] = str(error)
        else:
            self.findings.append(of_accuracy(base, candidate))


def _waits(blocks: Sequence[Block]) -> Waits:
    return Waits(
        min(block.asleep_s for block in blocks),
        min(block.switches for block in blocks),
        min(min(block.cost_s) for block in blocks),
    )


def duel(request: Request, sides: Sequence[Side], tell: Tell) -> Duel:
    """Compare two sides and return all that was found; raise `NotComparable`, or `BenchError` where a process ends."""
    began = time.perf_counter()
    with TemporaryDirectory(prefix="bench-duel-", ignore_cleanup_errors=True) as scratch:
        duelling = Duelling(request, sides, Path(scratch), tell)
        names = duelling.count() if request.workloads else []
        if names and request.timed:
            duelling.measure(names)
        if request.accuracy is not None:
            duelling.learn(request.accuracy)
    base, candidate = sides
    return Duel(
        suite=request.suite.name,
        base=base.asked,
        candidate=candidate.asked,
        conditions=request.suite.conditions,
        machine=machine(request.suite.device),
        findings=tuple(duelling.findings),
        not_comparable=duelling.lacking,
        broken=duelling.broken,
        ratios=duelling.ratios,
        notes=tuple(duelling.notes),
        seconds=time.perf_counter() - began,
    )
