"""What an executor is given to run, what it must offer, and what a screen must offer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from bench.outcomes import Outcome
from bench.records.record import Record
from bench.schema import Cell


@dataclass(frozen=True)
class Job:
    """A call that an executor makes."""

    function: str
    """`module:name`, called with the argument and a `Progress`. A text, so that the caller need not import torch."""
    argument: Any
    """Goes to another process, so it must be possible to pickle it."""
    timeout_s: float


class Executor(Protocol):
    """Where jobs run. All executors give the same values, bit for bit."""

    name: ClassVar[str]
    workers: int
    """Jobs side by side."""

    def run(self, jobs: Sequence[Job], progress: Callable[[int, str, int, int], None]) -> Iterator[tuple[int, Outcome]]:
        """Yield the position of each job and its outcome, in the order in which they end."""

    def close(self) -> None:
        """End whatever still runs."""


class Screen(Protocol):
    """What a person sees while cells run."""

    def say(self, line: str) -> None:
        """Show one line."""

    def working(self, what: str, done: int, total: int) -> None:
        """Show how far a preparation is."""

    def expect(self, cells: Sequence[Cell], seconds: Mapping[str, float], shared_s: float) -> None:
        """Say what is to come: the cells, the price of each by its id, and what they share."""

    def cell(self, cell: Cell, what: str, done: int, total: int) -> None:
        """Show how far a cell is."""

    def done(self, cell: Cell, record: Record) -> None:
        """Show that a cell has ended."""
