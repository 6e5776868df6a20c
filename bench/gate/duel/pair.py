"""Two processes, one for each side, that stay and take turns."""

import contextlib
import json
import math
import os
import select
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from bench.errors import BenchError
from bench.gate.duel.measured import Block, Side
from bench.machine.devices import READ_ONCE
from bench.working_folder import is_here

WORKER = Path(__file__).with_name("worker.py")
ANSWER_S = 600.0
"""After so long a process is said to hang."""
BLOCK_S = 0.08
"""What a block takes, about."""
FEWEST_UNITS, MOST_UNITS = 2, 200
TURNS = ("AB", "BA") * 8
"""Blocks of one workload in one restart: base and candidate, each first as often as the other.

Many short ones: a neighbour on the processor makes code three times as slow for seconds on end, and disturbs few turns.
"""
ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class Broken(BenchError):
    """A process of one side ended, or hangs."""


@dataclass
class Process:
    """The process of one side."""

    side: Side
    popen: "subprocess.Popen[str]"
    log: IO[str]

    def send(self, do: str, **arguments: Any) -> None:
        """Ask for something."""
        assert self.popen.stdin is not None
        try:
            self.popen.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self.popen.stdin.flush()
        except (BrokenPipeError, OSError) as error:
            raise self._ended() from error

    def receive(self) -> Any:
        """Return the answer."""
        assert self.popen.stdout is not None
        ready, _, _ = select.select([self.popen.stdout], [], [], ANSWER_S)
        if not ready:
            raise Broken(f"{self.side.name}: no answer within {ANSWER_S:.0f} s; does it hang?")
        line = self.popen.stdout.readline()
        if not line:
            raise self._ended()
        return json.loads(line)

    def ask(self, do: str, **arguments: Any) -> Any:
        """Ask for something and wait for the answer."""
        self.send(do, **arguments)
        return self.receive()

    def stop(self) -> None:
        """End it."""
        with contextlib.suppress(OSError):
            if self.popen.stdin is not None:
                self.popen.stdin.close()
        try:
            self.popen.wait(5)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        if self.popen.stdout is not None:
            self.popen.stdout.close()
        self.log.close()

    def _ended(self) -> Broken:
        self.popen.wait(10)
        self.log.seek(0)
        lines = [line for line in self.log.read().strip().splitlines() if line.strip()]
        said = lines[-1] if lines else f"exit code {self.popen.returncode}"
        return Broken(f"{self.side.name} ({self.side.asked}): its process ended: {said}")


def start(side: Side, asked: Mapping[str, Any], workloads: Path, scratch: Path) -> Process:
    """Start the process of a side; it runs the given workloads, and counts and times them with this very package."""
    given = {
        "root": str(package_alone(side, scratch)),
        "modules": os.getcwd(),
        "asked": dict(asked),
        "grafts": {"bench.gate.duel": str(WORKER.parent), "bench.gate.workloads": str(workloads)},
    }
    log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  # the process's own
    # -P: else the worker's own folder came first among the places that it imports from
    popen = subprocess.Popen(
        [str(side.python), "-P", str(WORKER), json.dumps(given)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        cwd=scratch,
        env=environment(side, scratch, int(asked["threads"])),
    )
    return Process(side, popen, log)


def environment(side: Side, scratch: Path, threads: int) -> dict[str, str]:
    """Return what a process of a side sees: its own package first, nothing else of its folder, and its own cache."""
    return {
        **os.environ,
        **dict.fromkeys(ONE_THREAD, str(threads)),
        # memory is kept between units too: a unit of feature extraction otherwise takes some 6,000 page faults, and
        # spends a quarter of its time in the kernel
        **READ_ONCE,
        "KINETO_LOG_LEVEL": "9",
        "HF_HUB_OFFLINE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join([str(package_alone(side, scratch)), *_given_places()]),
        "PYTHONPYCACHEPREFIX": str(scratch / "compiled"),
        "XDG_CACHE_HOME": str(scratch / f"cache-{side.name}"),
    }


def package_alone(side: Side, scratch: Path) -> Path:
    """Return a folder with the package of a side and nothing beside it.

    What Python imports from first stands for its own modules too, and the root of a version may hold any file.
    """
    folder = scratch / f"package-{side.name}"
    folder.mkdir(exist_ok=True)
    if not (folder / "bench").is_symlink():
        (folder / "bench").symlink_to(side.root / "bench")
    return folder


def _given_places() -> list[str]:
    return [place for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if not is_here(place)]


@dataclass
class Pair:
    """The processes of both sides and the workloads that both can do."""

    base: Process
    candidate: Process
    lacking: dict[str, str] = field(default_factory=dict)
    """Why a workload can't be compared."""
    broken: dict[str, str] = field(default_factory=dict)
    """Errors of the candidate in what the base can do."""

    @property
    def both(self) -> tuple[Process, Process]:
        """Base and candidate."""
        return self.base, self.candidate

    def ask_both(self, do: str, **arguments: Any) -> tuple[Any, Any]:
        """Ask both at once and wait for both: for what is not timed."""
        for process in self.both:
            process.send(do, **arguments)
        return self.base.receive(), self.candidate.receive()

    def prepare(self, targets: Mapping[str, str]) -> list[str]:
        """Make workloads ready on both sides; return the names of those that both can do."""
        ready = []
        for name, target in targets.items():
            base, candidate = (_why(each) for each in self.ask_both("prepare", name=name, target=target))
            # the workloads are the candidate's: what it can't do itself is a mistake, what the base can't do is newer
            if base is not None:
                self.lacking[name] = f"the base can't do it ({base})"
            elif candidate is not None:
                self.broken[name] = candidate
            else:
                ready.append(name)
        return ready

    def turns(self, name: str, units: int, swapped: bool) -> Iterator[tuple[Block, Block]]:
        """Yield the blocks of base and candidate that stand beside each other."""
        for turn in TURNS:
            order = turn[::-1] if swapped else turn
            blocks = {letter: self._block(letter, name, units) for letter in order}
            yield blocks["A"], blocks["B"]

    def hold(self, turn: int) -> None:
        """Hold both to the same core, another one each turn: what disturbs one disturbs the other."""
        self.ask_both("hold", turn=turn)

    def peaks(self, name: str) -> tuple[float, float]:
        """Return the most memory of each side, in MiB, while it does a unit."""
        return self.base.ask("peak", name=name), self.candidate.ask("peak", name=name)

    def _block(self, letter: str, name: str, units: int) -> Block:
        process = self.base if letter == "A" else self.candidate
        return Block(**process.ask("block", name=name, units=units))

    def units(self, name: str) -> int:
        """Return how many units make a block, from a short one of each side."""
        costs = [min(self._block(letter, name, 2).cost_s) for letter in "AB"]
        return min(MOST_UNITS, max(FEWEST_UNITS, math.ceil(BLOCK_S / max(1e-6, *costs))))


def _why(prepared: Mapping[str, Any]) -> str | None:
    """Return why a side can't do a workload, as `worker.Side.prepare` tells it; null where it can."""
    return prepared.get("lacks") or prepared.get("broke")


@contextlib.contextmanager
def pair(
    sides: Sequence[Side], asked: Mapping[str, Any], workloads: Path, scratch: Path, swapped: bool = False
) -> Iterator[Pair]:
    """Start the processes of base and candidate, or the other way round; end them after the block."""
    started: list[Process] = []
    try:
        for side in reversed(sides) if swapped else sides:
            started.append(start(side, asked, workloads, scratch))
        base, candidate = reversed(started) if swapped else started
        yield Pair(base, candidate)
    finally:
        for process in started:
            process.stop()


Tell = Callable[[str], None]
"""Hears one line on how far it is."""
