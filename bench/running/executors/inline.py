"""Runs jobs one after another in this process: the reference that others must agree with, and good for debugging."""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from bench.machine.devices import keep_memory
from bench.outcomes import Outcome
from bench.running.executors.calling import call
from bench.running.jobs import Job


class InlineExecutor:
    """Keeps no time limits, and a crash of a job ends the whole run."""

    name: ClassVar[str] = "inline"

    def __init__(self, workers: int = 1) -> None:
        self.workers = 1
        keep_memory()  # as processes that start later are told by their environment

    def run(self, jobs: Sequence[Job], progress: Callable[[int, str, int, int], None]) -> Iterator[tuple[int, Outcome]]:
        """Yield the position of each job and its outcome."""
        for position, job in enumerate(jobs):
            yield position, call(job, functools.partial(progress, position))

    def close(self) -> None:
        """Nothing outlives a job here."""
