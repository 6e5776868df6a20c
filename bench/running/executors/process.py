"""Runs each job in a process of its own, forked from a server that has imported the heavy libraries."""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, ClassVar

from bench.machine.devices import cores
from bench.outcomes import Outcome
from bench.running.executors.calling import call
from bench.running.jobs import Job
from bench.working_folder import found_by_others

VMSTAT = Path("/proc/vmstat")
SAFE_PATH, OURS = "PYTHONSAFEPATH", "transferbench"
"""What Python reads when it starts, whatever it says; and what it says where this module has set it."""


@dataclass
class Running:
    """A job whose process is alive."""

    position: int
    process: BaseProcess
    connection: Connection
    deadline: float
    """On the monotonic clock."""
    oom_kills: int
    """The kernel's count when the job started."""
    slot: int
    """Its place among the workers, which decides its cores."""


class ProcessExecutor:
    """Gives each cell its own memory peak, and a crash ends one cell only."""

    name: ClassVar[str] = "process"

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers
        self._context = multiprocessing.get_context("forkserver")
        # what is imported ahead is found without this process's path: another copy of the project, where one is
        # installed, must not be taken for this one
        if found_by_others():
            self._context.set_forkserver_preload(["bench.running.executors.preload"])
        self._running: list[Running] = []

    def run(self, jobs: Sequence[Job], progress: Callable[[int, str, int, int], None]) -> Iterator[tuple[int, Outcome]]:
        """Yield the position of each job and its outcome, in the order in which they end."""
        waiting = list(enumerate(jobs))[::-1]
        # the server is started once for the whole run, deaf to Ctrl-C as its children are: this process ends them
        with uninterrupted(), importing_as_this_process():
            forkserver.ensure_running()
        try:
            while waiting or self._running:
                while waiting and len(self._running) < self.workers:
                    self._running.append(self._start(*waiting.pop()))
                self._wait()
                for running in list(self._running):
                    outcome = self._look(running, jobs[running.position], progress)
                    if outcome is not None:
                        self._running.remove(running)
                        yield running.position, outcome
        finally:
            self.close()

    def _wait(self) -> None:
        """Sleep until a process says something or ends, or the first of them is out of time."""
        # blocked in the kernel: a parent that polls would take time from the cells it measures
        soonest = min(running.deadline for running in self._running)
        signs = [sign for running in self._running for sign in (running.connection, running.process.sentinel)]
        wait(signs, max(0.0, soonest - time.monotonic()))

    def _start(self, position: int, job: Job) -> Running:
        ours, theirs = self._context.Pipe()
        slot = min(set(range(self.workers)) - {running.slot for running in self._running})
        args = (theirs, job, share_of_cores(slot, self.workers))
        process = self._context.Process(target=_serve, args=args, daemon=True)
        process.start()
        theirs.close()  # the child has its own: with ours open its end would never be heard
        return Running(position, process, ours, time.monotonic() + job.timeout_s, oom_kills(), slot)

    def _look(self, running: Running, job: Job, progress: Callable[[int, str, int, int], None]) -> Outcome | None:
        """Read what a process has sent; return its outcome once it has ended, however it did."""
        ended = not running.process.is_alive()  # asked before reading, so that its last words are read
        with contextlib.suppress(EOFError, ConnectionResetError):
            while running.connection.poll():
                kind, content = running.connection.recv()
                if kind == "outcome":
                    self._end(running)
                    outcome: Outcome = content
                    return outcome
                progress(running.position, *content)
        if ended:
            self._end(running)
            return died(running.process.exitcode or 0, oom_kills() > running.oom_kills)
        if time.monotonic() < running.deadline:
            return None
        self._end(running)
        limit = f"{job.timeout_s:g} s"
        return Outcome(ended="timeout", reason=f"took longer than {limit}; raise timeout_s or ask for fewer steps")

    def _end(self, running: Running) -> None:
        """End a process and whatever it has started."""
        assert running.process.pid is not None
        running.process.join(timeout=0.05)
        # the group first, for what the job has started; it is not there yet where the child has only just been forked
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(running.process.pid, signal.SIGKILL)
        running.process.kill()
        running.process.join()
        running.connection.close()

    def close(self) -> None:
        """End whatever still runs."""
        while self._running:
            self._end(self._running.pop())


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Ignore Ctrl-C inside the block: a process that starts there ignores it for good."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def importing_as_this_process() -> Iterator[None]:
    """Keep Python processes that start inside the block from importing from the working folder first.

    The fork server and multiprocessing's tracker are started by `python -c`, which does.
    """
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = before or OURS
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = before


def died(exit_code: int, oom_killed: bool) -> Outcome:
    """Return the outcome of a process that ended without sending one."""
    if exit_code < 0:
        name = signal.Signals(-exit_code).name
        # anybody may send SIGKILL: that it was for memory is told by the kernel's counter alone
        if name == "SIGKILL" and oom_killed:
            return Outcome(
                ended="oom", reason="killed by the system, which had run out of memory; write a smaller batch_size"
            )
        return Outcome(ended="killed", reason=f"its process was killed by {name}; run again with --rerun failed")
    return Outcome(ended="killed", reason=f"its process ended with code {exit_code} and no word")


def oom_kills() -> int:
    """Return how many processes the kernel has killed for memory since it started; 0 where it doesn't tell."""
    if not VMSTAT.exists():
        return 0
    found = (line.split() for line in VMSTAT.read_text().splitlines())
    return next((int(value) for name, value in found if name == "oom_kill"), 0)


def share_of_cores(slot: int, workers: int) -> list[int] | None:
    """Return the cores of one of several workers; null, which is all, where it is the only one or cores are too few."""
    if workers == 1 or not hasattr(os, "sched_getaffinity"):
        return None
    mine = sorted(os.sched_getaffinity(0))
    each = len(mine) // workers
    return mine[slot * each : (slot + 1) * each] or None


def _serve(connection: Connection, job: Job, pinned_to: list[int] | None) -> None:
    """The child's side: lead a process group of its own, die with the parent, run the job, send the outcome."""
    os.setpgrp()
    if os.environ.get(SAFE_PATH) == OURS:
        del os.environ[SAFE_PATH]  # it was for the server: what a user's method starts is started as ever
    cores()  # asked before it is pinned, and remembered: records name the whole machine
    if pinned_to:
        os.sched_setaffinity(0, pinned_to)
    threading.Thread(target=_die_with_parent, args=(connection,), daemon=True).start()

    def progress(what: str, done: int, total: int) -> None:
        connection.send(("progress", (what, done, total)))

    outcome: Any = call(job, progress)
    connection.send(("outcome", outcome))


def _die_with_parent(connection: Connection) -> None:
    """Wait for the end of the parent, which never sends anything, and end this process with it."""
    with contextlib.suppress(EOFError, OSError):
        connection.recv()
    os._exit(1)
