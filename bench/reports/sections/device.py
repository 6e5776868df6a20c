"""What did compiling take, and how was the GPU?"""

from collections.abc import Callable

from bench.answers.rows.gpu_states import GpuState
from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.contracts.reports import Section
from bench.reports.tables.formatting import at_largest, number, shown

EXPLANATION = (
    "At each method's largest budget, means over seeds; a column stands here where any row has a value. *Compiling*: "
    "the steps in which torch compiled, which no throughput counts. *Reserved* is what torch took of the GPU's memory, "
    "*allocated* what tensors held of that, *in use* what all processes did. Clocks, temperature and power are those "
    "right after training; *held back by* tells in how many cells the driver named a cause."
)


def section(summary: Summary) -> Section:
    """Compile time, memory of the GPU, its clocks, power and throttling, where they were measured."""
    rows = list(at_largest(summary, lambda row: any(tell(row) != NOTHING for tell in MEASURED.values())))
    measured = {name: tell for name, tell in MEASURED.items() if any(tell(row) != NOTHING for _, row in rows)}
    lines = [[row.backbone, setting, *(tell(row) for tell in measured.values())] for setting, row in rows]
    return Section(
        title="Compiling and the GPU",
        explanation=EXPLANATION,
        tables=shown("Compile time, memory, clocks and power", (("backbone", STUB, *measured), lines)),
    )


NOTHING = "-"
STUB = "method (initial weights)"


def _of_gpu(tell: Callable[[GpuState], str]) -> Callable[[Row], str]:
    return lambda row: NOTHING if row.gpu is None else tell(row.gpu)


def _held_back(gpu: GpuState) -> str:
    """`power cap (2 of 5)`, or `nothing`; a dash where the driver doesn't tell."""
    if gpu.throttled_by is None:
        return NOTHING
    return ", ".join(f"{name} ({n} of {gpu.told_throttling})" for name, n in gpu.throttled_by.items()) or "nothing"


def _others(gpu: GpuState) -> str:
    return NOTHING if gpu.other_processes is None else str(gpu.other_processes)


MEASURED: dict[str, Callable[[Row], str]] = {
    "compiling, s": lambda row: number(row.compile_s, 1),
    "allocated, MiB": lambda row: number(row.peak_cuda_allocated_mib),
    "reserved, MiB": lambda row: number(row.peak_cuda_reserved_mib),
    "in use, MiB": lambda row: number(row.cuda_device_used_mib),
    "SM clock, MHz": _of_gpu(lambda gpu: number(gpu.sm_mhz)),
    "memory clock, MHz": _of_gpu(lambda gpu: number(gpu.memory_mhz)),
    "°C": _of_gpu(lambda gpu: number(gpu.celsius)),
    "W": _of_gpu(lambda gpu: number(gpu.watts)),
    "J in training": _of_gpu(lambda gpu: number(gpu.joules)),
    "held back by": _of_gpu(_held_back),
    "other processes": _of_gpu(_others),
}
"""By header: what a row has of it, or a dash."""
