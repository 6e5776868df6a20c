"""What `pytest --benchmark-only tests/perf` asks for, and what it keeps of the machine."""

from typing import Any

import pytest

from bench import environment


def pytest_addoption(parser: pytest.Parser) -> None:
    """The device; what else could be asked for makes other figures, and is fixed."""
    parser.addoption("--device", default="cpu", help="Where the workloads run: cpu, cuda or mps.")


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    """Keep what `bench env` tells, for `bench compare` to hold against another file's."""
    described = environment.describe(config.getoption("device", default="cpu"))
    del described["commit"]  # stands in the file already
    machine_info["bench_environment"] = described
