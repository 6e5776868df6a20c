"""What came of a call, and the one place that catches whatever it raises."""

import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.errors import BenchError, Diverged, InvalidData, Unavailable, Unwritable

# a full disk says nothing of a cell, which is tried again once there is room
ENDED_BY = {Unavailable: "unavailable", Unwritable: "unavailable", InvalidData: "invalid", Diverged: "diverged"}
"""How a call ended, by the error that a user can mend."""
TRACEBACK_CHARACTERS = 2000
"""Of a traceback its end is kept, which says where the error was raised."""
# for CUDA torch has a class of its own; on a CPU and on MPS it raises a RuntimeError that says so
MEMORY_SAID = ("DefaultCPUAllocator: can't allocate memory", "MPS backend out of memory")
"""Texts of errors that mean a lack of memory."""


@dataclass(frozen=True)
class Outcome:
    """What came of a call: a value, or how it ended without one."""

    value: Any = None
    ended: str | None = None
    """Null where there is a value; else a word of `ENDED_BY`, or `raised`, `oom`, `timeout` or `killed`."""
    reason: str | None = None
    """In one line, why there is no value; an invalid suite has a line for each mistake."""
    traceback: str | None = None
    """The end of the traceback, where an error was raised that no user can mend."""


def attempt(work: Callable[[], Any]) -> Outcome:
    """Return what the work gives, or how it ended without giving anything."""
    try:
        return Outcome(work())
    except BenchError as error:
        return Outcome(ended=ENDED_BY.get(type(error), "raised"), reason=str(error))
    except Exception as error:  # the cell's boundary: whatever a cell raises becomes its record
        text = "".join(traceback.format_exception(error))[-TRACEBACK_CHARACTERS:]
        ended = "oom" if out_of_memory(error) else "raised"
        lines = str(error).splitlines()
        return Outcome(ended=ended, reason=f"{type(error).__name__}: {lines[0] if lines else ''}", traceback=text)


def out_of_memory(error: BaseException) -> bool:
    """Say whether an error means that memory ran out, on the host or on the device."""
    torch = sys.modules.get("torch")  # whose errors only come up where it is imported
    known = (MemoryError,) if torch is None else (MemoryError, torch.OutOfMemoryError)
    return isinstance(error, known) or any(said in str(error) for said in MEMORY_SAID)
