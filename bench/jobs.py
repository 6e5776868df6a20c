"""Calls that an executor makes, and what comes of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol


@dataclass(frozen=True)
class Job:
    """A call that an executor makes."""

    function: str
    """`module:name`, called with the argument and a `Progress`: a text, so that the caller need not import it."""
    argument: Any
    timeout_s: float


@dataclass(frozen=True)
class Outcome:
    """What came of a job: a value, or how it ended without one."""

    value: Any = None
    ended: str | None = None
    """Null where there is a value; else `raised`, `timeout`, `killed` or `oom`."""
    reason: str | None = None
    traceback: str | None = None


class Executor(Protocol):
    """Where jobs run. All executors give the same values."""

    name: ClassVar[str]
    workers: int
    """Jobs side by side."""

    def run(self, jobs: Sequence[Job], progress: Callable[[int, str, int, int], None]) -> Iterator[tuple[int, Outcome]]:
        """Yield the position of each job and its outcome, in the order in which they end."""

    def close(self) -> None:
        """End whatever still runs."""
