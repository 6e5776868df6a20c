"""What the executors' tests have done: named as `tests.material.executor_jobs:name` in a job."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.contracts.data import Progress
from bench.errors import BenchError, Diverged, InvalidData, Unavailable
from bench.machine.devices import cores
from bench.outcomes import Outcome
from bench.running.jobs import Executor, Job

KINDS = {"unavailable": Unavailable, "invalid": InvalidData, "diverged": Diverged, "raised": BenchError}


def job(function: str, argument: object = None, timeout_s: float = 60) -> Job:
    """Return a call of a function of this file."""
    return Job(f"tests.material.executor_jobs:{function}", argument, timeout_s)


def outcomes(executor: Executor, *jobs: Job) -> list[Outcome]:
    """Run jobs and return their outcomes in the jobs' order."""
    found = dict(executor.run(jobs, lambda *_: None))
    assert sorted(found) == list(range(len(jobs)))
    return [found[position] for position in range(len(jobs))]


def doubles(argument: int, progress: Progress) -> int:
    """Report twice, then give a value."""
    progress("doubling", 1, 2)
    progress("doubling", 2, 2)
    return 2 * argument


def sums_randoms(seed: int, progress: Progress) -> float:
    """Return what hangs on the very last bit of a computation."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    return float(torch.rand(64, 64, generator=generator).matmul(torch.rand(64, 64, generator=generator)).sum())


def raises(argument: str, progress: Progress) -> None:
    """Raise an error of two lines."""
    raise ValueError(f"{argument}\nand a second line")


def raises_nothing_said(argument: object, progress: Progress) -> None:
    """Raise an error without a message."""
    raise AssertionError


def refuses(kind: str, progress: Progress) -> None:
    """Raise one of the errors that have a name of their own."""
    raise KINDS[kind](f"{kind}: mend it")


def runs_out_of_memory(argument: object, progress: Progress) -> None:
    """Raise what Python raises."""
    raise MemoryError("no room")


def allocates_too_much(argument: object, progress: Progress) -> Any:
    """Ask torch for more than there is anywhere."""
    import torch

    return torch.empty(2**60)


def sleeps(seconds: float, progress: Progress) -> str:
    """Take some time."""
    progress("sleeping", 0, 1)
    time.sleep(seconds)
    return "awake"


def tells_its_process(argument: object, progress: Progress) -> int:
    """Return the id of the process that it runs in."""
    return os.getpid()


def tells_its_cores(seconds: float, progress: Progress) -> tuple[list[int], int]:
    """Return the cores that this process is held to and the count that it tells, after some time."""
    time.sleep(seconds)
    return sorted(os.sched_getaffinity(0)), cores()


def exits(code: int, progress: Progress) -> None:
    """End the process without a word."""
    os._exit(code)


def kills_itself(argument: object, progress: Progress) -> None:
    """Die as by the system's hand."""
    os.kill(os.getpid(), signal.SIGKILL)


def segfaults(argument: object, progress: Progress) -> None:
    """Die as a broken library does."""
    os.kill(os.getpid(), signal.SIGSEGV)


def leaves_a_child(argument: tuple[str, float], progress: Progress) -> str:
    """Start a process that would outlive it, write its id, and take some time."""
    file, seconds = argument
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(file).write_text(str(child.pid))
    time.sleep(seconds)
    return "left"


def dies_before_its_fork(file: str, progress: Progress) -> None:
    """Fork a worker that holds all open files, then die."""
    child = os.fork()
    if child == 0:
        time.sleep(600)
        os._exit(0)
    Path(file).write_text(str(child))
    os.kill(os.getpid(), signal.SIGKILL)
