"""A job's function is found by its name, and whatever it does becomes an outcome."""

import pytest

from bench.outcomes import Outcome
from bench.running.executors.calling import call
from bench.running.jobs import Job
from tests.material.executor_jobs import job
from tests.material.tiny import ignore


def test_the_function_gets_the_argument_and_the_progress() -> None:
    """Its value is the outcome."""
    seen: list[tuple[str, int, int]] = []
    assert call(job("doubles", 21), lambda *step: seen.append(step)) == Outcome(42)
    assert seen == [("doubling", 1, 2), ("doubling", 2, 2)]


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("tests.material.executor_jobs:nowhere", "AttributeError"),
        ("tests.material.no_such_module:doubles", "ModuleNotFoundError"),
        ("tests.material.executor_jobs", "AttributeError"),
    ],
    ids=["no such function", "no such module", "no function named"],
)
def test_a_name_of_nothing_is_an_outcome(function: str, said: str) -> None:
    """Finding the function is part of the call."""
    outcome = call(Job(function, None, 60), ignore)
    assert outcome.ended == "raised"
    assert (outcome.reason or "").startswith(said)


def test_whatever_the_function_raises_is_an_outcome() -> None:
    """With the kind that the harness's own errors have."""
    assert call(job("refuses", "unavailable"), ignore).ended == "unavailable"
    assert call(job("raises", "a fault"), ignore).reason == "ValueError: a fault"
