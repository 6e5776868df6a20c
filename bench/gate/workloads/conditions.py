"""`Conditions`, under which workloads are asked to run, and `Unit`, what each of them gives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Unit = Callable[[], object]
"""Does one unit of the same work and returns what came of it."""


@dataclass(frozen=True)
class Conditions:
    """What is asked for; two measurements under different conditions are not comparable."""

    device: str = "cpu"
    precision: Literal["fp32", "bf16"] = "fp32"
    batch_size: int = 32
    """Images per step."""
    threads: int = 1
    """Of torch, on a CPU; whoever runs a workload sets them."""
