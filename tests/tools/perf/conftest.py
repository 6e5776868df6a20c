"""What `pytest --benchmark-only tests/tools/perf` asks for, and what it keeps of the machine."""

from typing import Any

import pytest

from bench.machine import environment


def pytest_addoption(parser: pytest.Parser) -> None:
    """The device; what else could be asked for makes other figures, and is fixed."""
    parser.addoption("--device", default="cpu", help="Where the workloads run: cpu, cuda or mps.")


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    """Keep what `bench env` tells, for `bench compare` to hold against another file's.

    pytest-benchmark warns wherever this differs: it must not hang on what is imported when it asks, on the commit
    (which stands in the file already) or on variables (those that matter are among the flags of each benchmark).
    """
    import torch  # noqa: F401  # its build is told once it is there

    described = environment.describe(config.getoption("device", default="cpu"))
    machine_info["bench_environment"] = {
        name: told for name, told in described.items() if name not in ("commit", "variables")
    }
