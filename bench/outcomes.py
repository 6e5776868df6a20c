"""What came of a call, and the one place that catches whatever it raises."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.errors import BenchError, Diverged, InvalidData, Unavailable

ENDED_BY = {Unavailable: "unavailable", InvalidData: "invalid", Diverged: "diverged"}
TRACEBACK_CHARACTERS = 2000


@dataclass(frozen=True)
class Outcome:
    """What came of a job: a value, or how it ended without one."""

    value: Any = None
    ended: str | None = None
    """Null where there is a value; else `raised`, `timeout`, `killed` or `oom`."""
    reason: str | None = None
    traceback: str | None = None


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
    import torch

    text = str(error)
    known: tuple[Any, ...] = (MemoryError, torch.OutOfMemoryError)
    return (
        isinstance(error, known)
        or "DefaultCPUAllocator: can't allocate memory" in text
        or "MPS backend out of memory" in text
    )
