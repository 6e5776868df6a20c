"""An executor of the user's own loses no job, and its faults are lines."""

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from bench.errors import BenchError
from bench.outcomes import Outcome
from bench.running.executors.inline import InlineExecutor
from bench.running.own_executor import OwnExecutor, executor_of
from tests.material.executor_jobs import job, outcomes

HERE = "tests.running.test_own_executor"


class Plain(InlineExecutor):
    """Runs all."""

    name: ClassVar[str] = "plain"


class Lazy(Plain):
    """Runs all but the last."""

    def run(self, jobs: Any, progress: Any) -> Iterator[tuple[int, Outcome]]:
        yield from super().run(jobs[:-1], progress)


class Twice(Plain):
    """Gives each outcome twice."""

    def run(self, jobs: Any, progress: Any) -> Iterator[tuple[int, Outcome]]:
        for each in super().run(jobs, progress):
            yield from (each, each)


class Raises(Plain):
    """Breaks on the way."""

    def run(self, jobs: Any, progress: Any) -> Iterator[tuple[int, Outcome]]:
        yield 0, Outcome(6)
        raise ZeroDivisionError("a fault")


class Values(Plain):
    """Gives values for outcomes."""

    def run(self, jobs: Any, progress: Any) -> Any:
        return [(0, 6)]


class Nothing(Plain):
    """Gives nothing to go through."""

    def run(self, jobs: Any, progress: Any) -> Any:
        return None


class Idle(Plain):
    """Has no worker."""

    def __init__(self, workers: int = 1) -> None:
        self.workers = 0


def test_its_outcomes_are_those_of_the_projects_own() -> None:
    jobs = [job("doubles", 3), job("raises", "a fault"), job("doubles", 4)]
    own = executor_of(f"{HERE}:Plain", 3)
    assert isinstance(own, OwnExecutor)
    assert (own.name, own.workers) == ("plain", 1)
    assert outcomes(own, *jobs) == outcomes(executor_of("inline", 1), *jobs)
    own.close()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Lazy", "no outcome of 1 of 2 jobs"),
        ("Twice", "a second outcome of job 0"),
        ("Raises", "raised ZeroDivisionError: a fault"),
        ("Values", "raised TypeError"),
        ("Nothing", "raised TypeError"),
    ],
)
def test_a_job_that_would_be_lost_is_told(name: str, said: str) -> None:
    with pytest.raises(BenchError, match=f"^executor {HERE}:{name}: {said}"):
        outcomes(executor_of(f"{HERE}:{name}", 1), job("doubles", 3), job("doubles", 4))


def test_an_executor_without_workers_is_refused() -> None:
    with pytest.raises(BenchError, match="its workers are no number from 1"):
        executor_of(f"{HERE}:Idle", 1)
