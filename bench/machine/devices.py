"""What must be set before a cell's first operation, and what differs between devices.

Functions that need torch import it themselves: the command line and a run's own process work without it.
"""

import contextlib
import ctypes
import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from bench.errors import BenchError, Unavailable

READ_ONCE = {
    "GOMP_SPINCOUNT": "0",
    "KMP_BLOCKTIME": "0",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**34),
}
"""Environment variables that libraries read when they are imported, and glibc when a process starts.

Threads that spin at barriers cost 2 to 5 times on a busy machine. cuBLAS needs its workspace named to give the same
bits twice. Memory that glibc hands back to the kernel after each use comes again page by page: up to half of a
pass. A threshold for `mmap` would not do: some versions of glibc refuse one above 32 MiB, and are left with 128 KiB.
"""

# M_MMAP_MAX: no block is mapped; M_TRIM_THRESHOLD: -1 gives nothing back
MALLOPT = {"MALLOC_MMAP_MAX_": (-4, 0), "MALLOC_TRIM_THRESHOLD_": (-1, -1)}
"""The same for a process that runs already: the numbers of glibc's parameters (`malloc.h`), and their values."""

# below, barriers cost more than threads bring: eight strengths of 1,000 x 512 features took 0.24 s on two, 0.12 on one
WORTH_THREADS = 2e9
"""Operations of one pass from which several threads are faster than one, barriers included."""

_ASK = """import torch
print("cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu")
"""


def prepare_environment() -> None:
    """Set what libraries read when they are imported; call this before torch is.

    What the user has set stays. Processes that are started later inherit all of it.
    """
    for name, value in READ_ONCE.items():
        os.environ.setdefault(name, value)


def keep_memory() -> None:
    """Have this process keep freed memory from now on, as those do that start after `prepare_environment`."""
    for name, (parameter, value) in MALLOPT.items():
        # a user's own value was read when the process started: it holds, and the record tells it
        if os.environ.get(name) == READ_ONCE[name]:
            with contextlib.suppress(OSError, AttributeError, TypeError):  # only glibc has it
                ctypes.CDLL(None).mallopt(parameter, value)


def check_name(device: str) -> None:
    """Raise `BenchError` where this is not the name of a device."""
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device):
        raise BenchError(f"device {device}: unknown; write auto, cpu, mps, cuda or cuda:1")


def resolve(device: str) -> str:
    """Return what `auto` stands for here: `cuda`, `mps` or `cpu`; other names are returned as they are."""
    if device != "auto":
        return device
    # asking takes the import of torch: only where there may be a GPU
    if sys.platform != "darwin" and not (shutil.which("nvidia-smi") or os.path.exists("/dev/nvidiactl")):
        return "cpu"
    # in a process of its own: neither this one nor those forked from it may hold a CUDA context
    # -P: else `-c` would import from the working folder first
    answer = subprocess.run([sys.executable, "-P", "-c", _ASK], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise BenchError(
            f"device auto: torch can't be asked ({answer.stderr.strip().splitlines()[-1]}); write --device cpu"
        )
    return answer.stdout.strip()


@functools.cache  # later calls come after the harness has pinned the process
def cores() -> int:
    """Return the number of processor cores that this process may use, before the harness holds it to some."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def configure(device: str, threads: int, deterministic: bool) -> dict[str, Any]:
    """Set threads and every switch that can change a number; return them as the record keeps them."""
    import torch

    kind = device.partition(":")[0]
    if kind == "cuda" and not torch.cuda.is_available():
        raise Unavailable(f"device {device}: torch sees no CUDA device; write --device cpu")
    if kind == "mps" and not torch.backends.mps.is_available():
        raise Unavailable(f"device {device}: torch sees no MPS device; write --device cpu")
    torch.set_num_threads(threads)
    # defaults differ between versions of torch, so every switch is set, and recorded as it was resolved
    # no TF32 anywhere: torch has two sets of switches for it, which must not be mixed
    torch.backends.fp32_precision = "ieee"  # type: ignore[attr-defined]
    # its choice among kernels is timed, so it can differ from run to run
    torch.backends.cudnn.benchmark = not deterministic
    torch.backends.cudnn.deterministic = deterministic
    # an operation without a deterministic form warns, instead of ending the cell
    torch.use_deterministic_algorithms(deterministic, warn_only=True)
    # nothing here reads memory that was never written, and filling it costs a third of a training step:
    # MobileNetV2 trained on 68 to 72 images/s with the fill, 89 to 102 without
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    return {
        "fp32_precision": "ieee",
        "cudnn_benchmark": not deterministic,
        "deterministic_algorithms": deterministic,
        **{name: os.environ.get(name) for name in READ_ONCE},
    }


@contextlib.contextmanager
def autocast(device: str, precision: str) -> Iterator[None]:
    """Compute with torch's autocast to bfloat16 where `precision` is `bf16`, else in float32 throughout."""
    import torch

    with torch.autocast(device.partition(":")[0], dtype=torch.bfloat16, enabled=precision == "bf16"):
        yield


@contextlib.contextmanager
def few_threads(operations: float) -> Iterator[None]:
    """Work on one thread during the block where a pass takes fewer than `WORTH_THREADS` operations."""
    import torch

    threads = torch.get_num_threads()
    if operations < WORTH_THREADS:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def synchronise(device: str) -> None:
    """Wait until the device has done all it was given; on a CPU everything is done already."""
    import torch

    kind = device.partition(":")[0]
    if kind == "cuda":
        torch.cuda.synchronize()
    elif kind == "mps":
        torch.mps.synchronize()
