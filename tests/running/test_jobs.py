"""What is handed to executors, and what executors and screens must offer."""

import inspect
import pickle
from typing import Any

import pytest

from bench.catalog import EXECUTORS
from bench.running.jobs import Executor, Job, Screen
from bench.running.progress import ConsoleScreen
from tests.material.executor_jobs import job
from tests.material.tiny import Quiet


def offers(contract: type) -> dict[str, list[str]]:
    """Return the methods of a contract with the names of their parameters."""
    return {
        name: list(inspect.signature(function).parameters)
        for name, function in vars(contract).items()
        if inspect.isfunction(function) and not name.startswith("_")
    }


def test_a_job_goes_to_another_process_as_it_is() -> None:
    """Its function as a text, so that who makes it need not import it."""
    made = job("doubles", {"rows": (1, 2)}, timeout_s=5)
    assert pickle.loads(pickle.dumps(made)) == made == Job("tests.material.executor_jobs:doubles", {"rows": (1, 2)}, 5)


@pytest.mark.parametrize("name", EXECUTORS.names())
def test_executors_offer_what_a_run_calls(name: str) -> None:
    """By the same names."""
    wanted, found = offers(Executor), offers(EXECUTORS.entry(name).load())
    assert set(wanted) == {"run", "close"}
    assert {each: found.get(each) for each in wanted} == wanted


@pytest.mark.parametrize("screen", [ConsoleScreen, Quiet])
def test_screens_offer_what_a_run_calls(screen: Any) -> None:
    """The one that people see, and the one of the tests."""
    wanted, found = offers(Screen), offers(screen)
    assert set(wanted) == {"say", "working", "expect", "cell", "done"}
    assert {each: found.get(each) for each in wanted} == wanted
