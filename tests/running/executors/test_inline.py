"""The reference executor: one job after another, in this process."""

import os

from bench.outcomes import Outcome
from bench.running.executors.inline import InlineExecutor
from bench.running.jobs import Job
from tests.material.executor_jobs import job


def test_there_is_one_worker_whatever_is_asked() -> None:
    """A record says how many cells ran side by side."""
    assert InlineExecutor(4).workers == 1


def test_jobs_run_in_this_process() -> None:
    """Where a debugger sees them."""
    ((_, outcome),) = InlineExecutor().run([job("tells_its_process")], lambda *_: None)
    assert outcome == Outcome(os.getpid())


def test_the_next_job_begins_when_the_outcome_before_was_taken() -> None:
    """So that a record is written before the next cell starts."""
    begun: list[int] = []
    running = InlineExecutor().run([job("doubles", 1), job("doubles", 2)], lambda position, *_: begun.append(position))
    assert begun == []
    assert next(running) == (0, Outcome(2))
    assert set(begun) == {0}
    assert next(running) == (1, Outcome(4))
    assert set(begun) == {0, 1}


def test_time_limits_are_not_kept() -> None:
    """Nobody is there to end the process."""
    late = Job(job("sleeps").function, 0.01, 0.001)
    assert [outcome for _, outcome in InlineExecutor().run([late], lambda *_: None)] == [Outcome("awake")]
