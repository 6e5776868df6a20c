"""What a suite asks for is what workloads are given."""

from bench.gate.workloads.conditions import Conditions
from bench.suites.suite import suite_path
from bench.suites.workload_suite import read_workload_suite
from tests.material.duels import CONDITIONS


def test_a_suites_conditions_are_those_of_workloads() -> None:
    """By their names; the shipped suite asks for what is usual."""
    assert (
        Conditions(**read_workload_suite(suite_path("throughput")).conditions)
        == Conditions(**CONDITIONS)
        == Conditions()
    )
