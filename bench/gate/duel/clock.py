"""What units of work take: processor time, or the device's; and how long they sleep."""

import contextlib
import ctypes
import gc
import re
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from bench.gate.duel.measured import Block

SCHEDSTAT = Path("/proc/thread-self/schedstat")
STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")
NANO = 1e-9
MIB = 2**20


def run_block(unit: Callable[[], object], units: int, device: str) -> Block:
    """Do so many units and say what each took."""
    gc.collect()  # not while a unit is timed
    timed: list[Any] = []
    asleep, switches = [], []
    for _ in range(units):
        before, cpu, wall = _waits(), time.process_time(), time.perf_counter()
        opened = _event(device)
        unit()
        closed = _event(device)
        took, used = time.perf_counter() - wall, time.process_time() - cpu
        after = _waits()
        timed.append((opened, closed) if opened is not None else used)
        # what neither ran nor stood in the queue for a processor slept; the clocks are read one after the other, so a
        # unit without any sleep can come out below zero
        asleep.append(max(0.0, took - used - (after[1] - before[1])))
        switches.append(after[0] - before[0])
    return Block(_seconds(timed, device), min(asleep), min(switches))


def peak_mib(unit: Callable[[], object], device: str) -> float:
    """Do a unit and return the highest resident memory while it ran: of the device on CUDA, else of the process."""
    gc.collect()
    _give_back()
    _forget_peak(device)
    unit()
    return _peak_mib(device)


def _give_back() -> None:
    """Return free memory to the system where glibc keeps it; the process is started so that it does."""
    # elsewhere there is no such function, or no library to be had without a name
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _waits() -> tuple[int, float]:
    """Return voluntary switches, and the seconds that this thread has waited for a processor where the kernel tells."""
    switches = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
    try:
        return switches, int(SCHEDSTAT.read_text().split()[1]) * NANO
    except (OSError, IndexError, ValueError):
        return switches, 0.0


def _event(device: str) -> Any:
    """Return a mark in the device's stream; null on a CPU."""
    if not device.startswith("cuda"):
        return None
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event


def _seconds(timed: Sequence[Any], device: str) -> list[float]:
    if not device.startswith("cuda"):
        return list(timed)
    torch.cuda.synchronize()
    return [opened.elapsed_time(closed) / 1000 for opened, closed in timed]


def _forget_peak(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats(device)
        return
    with contextlib.suppress(OSError):  # where it can't be reset, the peak is that of the process's life
        CLEAR_REFS.write_text("5")


def _peak_mib(device: str) -> float:
    if device.startswith("cuda"):
        return float(torch.cuda.max_memory_allocated(device)) / MIB
    found = re.search(r"^VmHWM:\s+(\d+) kB", STATUS.read_text(), re.MULTILINE) if STATUS.exists() else None
    if found:
        return int(found[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS, KiB elsewhere
    return peak / MIB if sys.platform == "darwin" else peak / 1024
