"""Runs a duel: counts, then restarts until each answer is known, what is worse once more, then accuracies."""

import contextlib
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.catalog import WORKLOADS
from bench.errors import NotComparable
from bench.gate.duel.accuracy import NotRun, accuracies
from bench.gate.duel.measured import Block, Counts, Duel, Finding, Side, Tier, Waits
from bench.gate.duel.pair import Pair, Tell, pair
from bench.gate.duel.sequential import LOOKS, Decision, Look, Trial, confirmed, log_ratio, worse
from bench.gate.duel.verdict import differing, of_accuracy, of_counts, of_decision, of_waits
from bench.machine.environment import machine
from bench.machine.writing import temporary_folder
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
    """What a set of restarts gathers, of all workloads: they share each restart, so that imports are paid once."""

    trials: Mapping[str, Trial]
    """Of time and of memory; p-values are corrected within each."""
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
        # the least of a block, since other processes only ever add to a unit; the median of the turns, since a
        # neighbour disturbs few of them
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
            same_torch = self._same_torch(both)
            ready = both.prepare(self.targets)
            self.lacking |= both.lacking
            self.broken |= both.broken
            for name in ready:
                self.tell(f"counting {name}")
                base, candidate = (Counts(**each) for each in both.ask_both("count", name=name))
                if base.torch == candidate.torch:  # another version counts the same work otherwise
                    self.findings += of_counts(name, base, candidate, self.request.accepted)
            if not same_torch:
                self.notes.append("counters are not compared between versions of torch")
        return ready

    def _same_torch(self, both: Pair) -> bool:
        """Say whether both sides have one version of torch; refuse sides that work under other conditions."""
        base, candidate = both.ask_both("facts")
        versions = {key: (base.pop(key), candidate.pop(key)) for key in ("torch", "python")}
        if others := differing(base, candidate):
            raise NotComparable(f"the sides work under other conditions: {'; '.join(others)}; make them the same")
        self.notes += [f"{key}: {one} against {other}" for key, (one, other) in versions.items() if one != other]
        return bool(versions["torch"][0] == versions["torch"][1])

    def measure(self, names: Sequence[str]) -> None:
        """Compare what units take, in restarts until it is known."""
        first = self._bout({TIME: names, MEMORY: names}, "")
        again = {quantity: worse(first.decided(quantity)) for quantity in first.trials}
        second = self._bout(again, ", once more") if any(again.values()) else Bout.of({TIME: (), MEMORY: ()}, ())
        for quantity, tier in TIERS.items():
            settled = confirmed(first.decided(quantity), second.decided(quantity))
            for name, decision in settled.items():
                self.findings.append(of_decision(name, tier, quantity, decision, self.request.accepted))
                self.ratios[f"{name} {quantity}"] = first.trials[quantity].ratios[name]
        if self.request.suite.device == "cpu":  # elsewhere the host waits for the device
            self._wait(names, first)

    def _wait(self, names: Sequence[str], bout: Bout) -> None:
        """Compare how units wait, over all restarts."""
        for name in names:
            base, candidate = (_waits([each[side] for each in bout.blocks[name]]) for side in (0, 1))
            self.findings += of_waits(name, base, candidate, self.request.accepted)

    def _bout(self, names: Mapping[str, Sequence[str]], said: str) -> Bout:
        """Restart until something is known of each name, or until the last look."""
        bout = Bout.of(names, self.request.looks)
        while bout.open:
            self.tell(f"restart {bout.restarts + 1}{said}: {', '.join(bout.open)}")
            self.restart(bout)
        return bout

    def restart(self, bout: Bout) -> None:
        """Start both sides, let them take turns at each workload that is open, and end them."""
        names = bout.open
        # each side starts first as often as the other, and each core is held once in either order
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
    """Return what the best unit waited: whatever else the machine does only adds to it."""
    return Waits(
        min(block.asleep_s for block in blocks),
        min(block.switches for block in blocks),
        min(min(block.cost_s) for block in blocks),
    )


def duel(request: Request, sides: Sequence[Side], tell: Tell) -> Duel:
    """Compare two sides and return all that was found; raise `NotComparable`, or `BenchError` where a process ends."""
    began = time.perf_counter()
    with temporary_folder() as scratch:
        duelling = Duelling(request, sides, scratch, tell)
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
