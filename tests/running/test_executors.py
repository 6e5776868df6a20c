"""What holds for every executor: they agree on values, and a job that fails takes no other with it."""

import os
from collections.abc import Iterator

import pytest

from bench.outcomes import Outcome
from bench.running.executors.inline import InlineExecutor
from bench.running.executors.process import ProcessExecutor
from bench.running.jobs import Executor
from tests.material.executor_jobs import job, outcomes


@pytest.fixture(params=["inline", "process"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """Each executor in turn."""
    made: Executor = {"inline": InlineExecutor, "process": ProcessExecutor}[request.param]()
    yield made
    made.close()


def test_values_come_back(executor: Executor) -> None:
    """One outcome for each job, in the order in which they end."""
    assert list(executor.run([job("doubles", 3), job("doubles", 4)], lambda *_: None)) == [
        (0, Outcome(6)),
        (1, Outcome(8)),
    ]


def test_no_jobs_give_no_outcomes(executor: Executor) -> None:
    """An empty list is run at once."""
    assert list(executor.run([], lambda *_: None)) == []


def test_inline_and_process_give_equal_values() -> None:
    """To the last bit."""
    jobs = [job("sums_randoms", seed) for seed in range(4)]
    assert outcomes(InlineExecutor(), *jobs) == outcomes(ProcessExecutor(2), *jobs)


def test_progress_arrives_with_the_position_of_its_job(executor: Executor) -> None:
    """Before the job's outcome, in the order in which it was made."""
    seen: list[tuple[int, str, int, int]] = []
    for position, outcome in executor.run([job("doubles", 1), job("doubles", 2)], lambda *step: seen.append(step)):
        assert outcome.ended is None
        assert seen[-2:] == [(position, "doubling", 1, 2), (position, "doubling", 2, 2)]
    assert len(seen) == 4


def test_raising_job_tells_its_first_line_and_its_traceback(executor: Executor) -> None:
    """The next job runs as if nothing had been."""
    failed, fine = outcomes(executor, job("raises", "a fault"), job("doubles", 1))
    assert (failed.ended, failed.reason) == ("raised", "ValueError: a fault")
    assert "in raises" in (failed.traceback or "")
    assert fine == Outcome(2)


def test_error_without_a_message_is_told_by_its_name(executor: Executor) -> None:
    """An assertion that says nothing."""
    (failed,) = outcomes(executor, job("raises_nothing_said"))
    assert failed.ended == "raised"
    assert "AssertionError" in (failed.reason or "")


@pytest.mark.parametrize("kind", ["unavailable", "invalid", "diverged", "raised"])
def test_what_a_user_can_mend_has_its_message_and_no_traceback(executor: Executor, kind: str) -> None:
    """The harness's own errors keep their kind."""
    assert outcomes(executor, job("refuses", kind)) == [Outcome(ended=kind, reason=f"{kind}: mend it")]


@pytest.mark.parametrize("function", ["runs_out_of_memory", "allocates_too_much"])
def test_lack_of_memory_is_told_from_other_errors(executor: Executor, function: str) -> None:
    """Python's own error and the allocator's of torch."""
    short, fine = outcomes(executor, job(function), job("doubles", 1))
    assert short.ended == "oom"
    assert fine == Outcome(2)


def test_unknown_function_is_an_outcome_too(executor: Executor) -> None:
    """It is the job's fault, not the run's."""
    (failed,) = outcomes(executor, job("nowhere"))
    assert failed.ended == "raised"


MINE = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
"""Cores that can be shared out; none where a process can't be held to any."""


@pytest.mark.skipif(not MINE, reason="a process can't be held to cores here")
def test_one_worker_has_all_cores(executor: Executor) -> None:
    """Nothing is pinned where nothing runs beside it."""
    (outcome,) = outcomes(executor, job("tells_its_cores", 0.0))
    assert outcome.value == (MINE, len(MINE))
