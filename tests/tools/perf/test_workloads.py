"""The own hot loops for pytest-benchmark: `pytest --benchmark-only tests/tools/perf --benchmark-json=new.json`.

One thread on a CPU; each file also holds exact counts of what a unit does. `bench compare OLD NEW` judges two files.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

import bench
from bench.catalog import WORKLOADS
from bench.gate.duel.counters import count
from bench.gate.workloads.conditions import Conditions
from bench.machine import devices

ROOT = Path(bench.__file__).resolve().parent.parent
WARM_UP = 2


@pytest.fixture
def asked(request: pytest.FixtureRequest) -> Iterator[Conditions]:
    """What the workloads are run under; the process is left as it was."""
    asked = Conditions(device=request.config.getoption("device", default="cpu"))
    devices.check_name(asked.device)
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    yield asked
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(deterministic)


@pytest.mark.parametrize("name", WORKLOADS.names())
def test_workload(benchmark: BenchmarkFixture, asked: Conditions, name: str) -> None:
    """A unit of the same work, again and again, and what it does."""
    flags = devices.configure(asked.device, asked.threads, True)
    unit = WORKLOADS.entry(name).load()(asked)
    benchmark.group = name
    if not benchmark.enabled:
        assert benchmark(unit) is not None
        return
    for _ in range(WARM_UP):
        unit()
    conditions: dict[str, Any] = {
        "device": asked.device,
        "precision": asked.precision,
        "batch": asked.batch_size,
        "threads": asked.threads,
        "flags": flags,
    }
    counted = count(unit, asked.device, str(ROOT))
    benchmark.extra_info.update({**conditions, **counted.totals})
    benchmark(unit)
