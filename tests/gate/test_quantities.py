"""What can be compared has a name, a unit and a way that is worse, and reads a record's own fields."""

import dataclasses

import pytest

from bench.errors import BenchError
from bench.gate.quantities import QUANTITIES, UNITS, figures_of, quantity
from bench.records.record import Record
from tests.material.examples import a_record


@pytest.mark.parametrize("name", QUANTITIES)
def test_reads_a_field_that_records_have(name: str) -> None:
    """Those of benchmark files aside."""
    each = QUANTITIES[name]
    assert each.name == name
    assert each.unit in UNITS
    assert each.field in {field.name for field in dataclasses.fields(Record)} or name in ("min", "median")


def test_figures_are_those_that_a_record_has() -> None:
    """Nothing stands for what was not measured."""
    found = figures_of(
        a_record(step_ms={"p50": 12.5, "p90": 15.0}, latency_ms={"1": 3.0}, peak_cuda_allocated_mib=None)
    )
    assert (found["step_time"], found["latency"], found["accuracy"]) == (12.5, 3.0, 0.9)
    assert not {"peak_cuda", "latency_64", "min"} & found.keys()


def test_counter_of_a_file_is_exact_and_unknown_name_gets_the_nearest() -> None:
    """A counter is known only where a file has it."""
    assert quantity("operator_calls", ["operator_calls"]).kind == "count"
    with pytest.raises(BenchError, match="'operator_calls': unknown"):
        quantity("operator_calls")
    with pytest.raises(BenchError, match="did you mean throughput"):
        quantity("troughput")
