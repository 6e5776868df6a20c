"""Whatever a job's process does, or what ends it, the run gets an outcome and no process is left."""

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bench.outcomes import Outcome
from bench.running.executors.process import (
    OURS,
    SAFE_PATH,
    ProcessExecutor,
    died,
    importing_as_this_process,
    oom_kills,
    share_of_cores,
)
from tests.material.executor_jobs import job, outcomes


@pytest.fixture
def process() -> Iterator[ProcessExecutor]:
    """The executor by process, one job at a time."""
    made = ProcessExecutor()
    yield made
    made.close()


def test_job_past_its_time_is_ended(process: ProcessExecutor) -> None:
    """The next one gets its own time."""
    late, fine = outcomes(process, job("sleeps", 600, timeout_s=0.5), job("doubles", 1))
    assert late.ended == "timeout"
    assert "timeout_s" in (late.reason or "")
    assert fine == Outcome(2)


@pytest.mark.parametrize(
    ("function", "argument", "said"),
    [("exits", 7, "code 7"), ("exits", 0, "code 0"), ("kills_itself", None, "SIGKILL"), ("segfaults", None, "SIGSEGV")],
)
def test_process_that_ends_without_a_word_is_killed(
    process: ProcessExecutor, function: str, argument: object, said: str
) -> None:
    """However it went, even with code 0; the next job runs."""
    gone, fine = outcomes(process, job(function, argument), job("doubles", 1))
    assert gone.ended == "killed"
    assert said in (gone.reason or "")
    assert fine == Outcome(2)


def test_sigkill_is_lack_of_memory_only_where_the_kernel_says_so() -> None:
    """The kernel's own counter decides."""
    assert died(-9, oom_killed=True).ended == "oom"
    assert died(-9, oom_killed=False).ended == "killed"
    assert died(-11, oom_killed=True).ended == "killed"
    assert oom_kills() >= 0


def test_workers_run_side_by_side_and_the_first_to_end_comes_first() -> None:
    """Two at once; a third waits for a place."""
    executor = ProcessExecutor(2)
    jobs = [job("sleeps", 600, timeout_s=2), job("doubles", 1), job("doubles", 2)]
    found = list(executor.run(jobs, lambda *_: None))
    assert [position for position, _ in found] == [1, 2, 0]
    assert [outcome.ended for _, outcome in found] == [None, None, "timeout"]


@pytest.mark.parametrize(
    ("cores", "workers", "shares"),
    [
        ({4, 5, 6, 7}, 2, [[4, 5], [6, 7]]),
        ({0, 1, 2, 3, 9}, 2, [[0, 1], [2, 3]]),
        ({3, 1}, 2, [[1], [3]]),
        ({0, 1}, 3, [None, None, None]),
        ({0, 1}, 1, [None]),
    ],
)
def test_workers_share_the_cores_that_there_are(
    monkeypatch: pytest.MonkeyPatch, cores: set[int], workers: int, shares: list[list[int] | None]
) -> None:
    """Equal shares that don't overlap; one worker has all, and so has each where there are fewer cores than workers."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: cores, raising=False)
    assert [share_of_cores(slot, workers) for slot in range(workers)] == shares


MINE = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
"""Cores that can be shared out; none where a process can't be held to any."""


@pytest.mark.skipif(len(MINE) < 2, reason="there are no two cores to share out")
def test_workers_are_held_to_cores_of_their_own() -> None:
    """A worker that takes a place over has its cores; the machine that records name stays the same."""
    found = outcomes(ProcessExecutor(2), *(job("tells_its_cores", 0.3) for _ in range(4)))
    held = [outcome.value[0] for outcome in found]
    assert not set(held[0]) & set(held[1])
    assert {tuple(cores) for cores in held} == {tuple(cores) for cores in held[:2]}
    assert {len(cores) for cores in held} == {len(MINE) // 2}
    assert [outcome.value[1] for outcome in found] == [len(MINE)] * 4


@pytest.mark.parametrize(("seconds", "ended"), [(0.0, None), (600.0, "timeout")])
def test_what_a_job_has_started_ends_with_it(
    process: ProcessExecutor, tmp_path: Path, seconds: float, ended: str | None
) -> None:
    """Whether the job gave a value or was out of time."""
    file = tmp_path / "pid"
    (outcome,) = outcomes(process, job("leaves_a_child", (str(file), seconds), timeout_s=2))
    assert outcome.ended == ended
    assert is_gone(int(file.read_text()))


def test_death_is_noticed_though_a_fork_of_it_lives(process: ProcessExecutor, tmp_path: Path) -> None:
    """A worker that inherited the pipe keeps it open; neither it nor the wait may outlive the job."""
    file = tmp_path / "pid"
    (outcome,) = outcomes(process, job("dies_before_its_fork", str(file), timeout_s=3))
    left = psutil.Process(int(file.read_text())) if not is_gone(int(file.read_text())) else None
    if left is not None:
        left.kill()
    assert outcome.ended == "killed"
    assert left is None


def test_closing_ends_what_still_runs() -> None:
    """A run that is given up leaves no process."""
    executor = ProcessExecutor(2)
    started: list[int] = []

    class Enough(Exception):
        pass

    def note(position: int, *_: object) -> None:
        started.append(position)
        if len(started) == 2:
            raise Enough

    running = executor.run([job("sleeps", 600), job("sleeps", 600), job("sleeps", 600)], note)
    with pytest.raises(Enough):
        next(running)
    assert sorted(started) == [0, 1]
    assert executor._running == []


def is_gone(pid: int) -> bool:
    """Say whether a process has ended, waiting a moment for it."""
    try:
        process = psutil.Process(pid)
        return process.status() == psutil.STATUS_ZOMBIE or not psutil.wait_procs([process], timeout=2)[1]
    except psutil.NoSuchProcess:
        return True


def test_only_what_starts_inside_imports_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the user has set is what it was; what nobody has set is gone again."""
    monkeypatch.delenv(SAFE_PATH, raising=False)
    with importing_as_this_process():
        assert os.environ[SAFE_PATH] == OURS
    assert SAFE_PATH not in os.environ
    monkeypatch.setenv(SAFE_PATH, "1")
    with importing_as_this_process():
        assert os.environ[SAFE_PATH] == "1"
    assert os.environ[SAFE_PATH] == "1"
