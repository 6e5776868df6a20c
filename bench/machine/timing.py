"""Timers of steps that don't disturb what they time, and phases with their time and memory."""

import contextlib
import ctypes
import re
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bench.machine import gpu
from bench.machine.devices import synchronise

MIB = 2**20
STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")


class StepTimer:
    """Wall and CPU seconds of each step of a loop.

    On CUDA the steps are stamped by events and read once at the end, so that the host runs ahead as it would without
    a timer; on MPS each stamp waits for the device; on a CPU a stamp takes under a microsecond.
    """

    def __init__(self, device: str) -> None:
        self.kind = device.partition(":")[0]
        self._stamps: list[tuple[Any, Any]] = []
        self.cpu_s: list[float] = []
        self._open: tuple[Any, float] | None = None

    def start(self) -> None:
        """Stamp the beginning of a step."""
        # CPU seconds as well: over 24 processes of a small network on a busy machine they varied by 6.0 %, the
        # clock's by 22.5 %
        self._open = (self._stamp(), time.process_time())

    def stop(self) -> None:
        """Stamp its end."""
        assert self._open is not None, "stop without start"
        begin, cpu = self._open
        self._stamps.append((begin, self._stamp()))
        self.cpu_s.append(time.process_time() - cpu)
        self._open = None

    def _stamp(self) -> Any:
        if self.kind == "cuda":
            import torch  # where there is a GPU to time: pytest imports this module for its clock

            event = torch.cuda.Event(enable_timing=True)
            event.record()
            return event
        if self.kind == "mps":
            synchronise(self.kind)
        return time.perf_counter()

    def wall_s(self) -> list[float]:
        """Return the seconds of all steps; on CUDA this waits for the device."""
        if self.kind == "cuda":
            synchronise(self.kind)
            return [begin.elapsed_time(end) / 1000 for begin, end in self._stamps]
        return [end - begin for begin, end in self._stamps]


def synchronised_clock() -> float:
    """Return `time.perf_counter()`, once the device that torch works on has done all it was given.

    A timer for `pytest --benchmark-timer`.
    """
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.synchronize()
    elif torch is not None and torch.backends.mps.is_available():
        torch.mps.synchronize()
    return time.perf_counter()


def reset_peak_rss() -> bool:
    """Reset the kernel's high-water mark of resident memory; say whether that was possible."""
    # freed memory that the process keeps (`devices.READ_ONCE`) goes back first: it is no part of what comes
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)  # only glibc has it
    # the kernel's own mark, since samples miss short peaks: of 300 MiB held for a few ms a sample every 100 ms saw 0,
    # one every 10 ms 248
    try:
        CLEAR_REFS.write_text("5")
    except OSError:
        return False
    return True


def peak_rss_mib() -> float:
    """Return the highest resident MiB: since the last reset on Linux (`VmHWM`), else over the process's life."""
    if STATUS.exists():
        found = re.search(r"^VmHWM:\s+(\d+) kB", STATUS.read_text(), re.MULTILINE)
        if found:
            return int(found[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MIB if sys.platform == "darwin" else peak / 1024  # bytes there, KiB elsewhere


def rss_mib() -> float:
    """Return the resident memory now, in MiB."""
    return float(psutil.Process().memory_info().rss) / MIB


def reset_cuda_peak(device: str) -> None:
    """Forget the highest CUDA memory so far; does nothing on other devices."""
    if device.startswith("cuda"):
        import torch

        # else what the phase before had reserved would count as this one's
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def cuda_peak_mib(device: str) -> tuple[float, float, float]:
    """Return three figures in MiB: the most allocated and reserved since the reset, and what all processes hold now."""
    import torch

    free, total = torch.cuda.mem_get_info(device)
    peaks = torch.cuda.max_memory_allocated(device), torch.cuda.max_memory_reserved(device)
    return peaks[0] / MIB, peaks[1] / MIB, (total - free) / MIB


@dataclass
class Phases:
    """Wall and CPU seconds and the peak memory of each phase of a cell."""

    device: str
    wall_s: dict[str, float] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)
    rss_mib: dict[str, float] = field(default_factory=dict)
    cuda_mib: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    """MiB: the most allocated and reserved, and what all processes held of the device at the end."""
    gpu: dict[str, tuple[dict[str, Any] | None, dict[str, Any] | None]] = field(default_factory=dict)
    """The GPU's state before and after, as `gpu.snapshot` gives it."""
    shared_s: dict[str, float] = field(default_factory=dict)
    """Seconds of a phase that went into what cells share: frozen features."""
    current: str = ""
    """The phase that is running, or the last that was."""
    exact: bool = True
    """Whether each peak of memory is its phase's own; where the kernel can't reset it, it is the highest so far."""

    def charge(self, seconds: float) -> None:
        """Add to the seconds that the running phase spent on what cells share."""
        self.shared_s[self.current] = self.shared_s.get(self.current, 0.0) + seconds

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measure the block as the phase `name`."""
        self.exact = reset_peak_rss() and self.exact
        reset_cuda_peak(self.device)
        before = gpu.snapshot(self.device)
        self.current = name
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall_s[name] = time.perf_counter() - wall
        self.cpu_s[name] = time.process_time() - cpu
        self.rss_mib[name] = peak_rss_mib()
        if self.device.startswith("cuda"):
            self.cuda_mib[name] = cuda_peak_mib(self.device)
            self.gpu[name] = before, gpu.snapshot(self.device)
