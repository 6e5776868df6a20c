"""What a person sees while cells run: a bar on a terminal, plain lines elsewhere, always on stderr."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bench.records.record import Record
from bench.schema import Cell

PLAIN_EVERY_S = 10.0
"""Least seconds between two lines where there is no terminal."""


def counted(count: int, noun: str) -> str:
    """Return `1 cell` or `2 cells`."""
    return f"{count} {noun}" + ("" if count == 1 else "s")


def duration(seconds: float) -> str:
    """Return `45 s`, `12 min` or `3.4 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


Tell = Callable[[str, int, int], None]
"""Hears what is being done, how much of it is done, and of how much."""


def patient(tell: Tell, after_s: float = 2.0) -> Tell:
    """Return a `Tell` that passes on nothing in the first seconds, so that quick work shows no progress."""
    began = time.monotonic()

    def told(what: str, done: int, total: int) -> None:
        if time.monotonic() - began > after_s:
            tell(what, done, total)

    return told


class TimeLeft:
    """Seconds still to go: the prices of the cells to come, corrected by what the cells done really took."""

    def __init__(self, prices: Mapping[str, float], shared_s: float) -> None:
        self._prices = dict(prices)
        self._expected = 0.0
        self._taken = 0.0
        self._shared_s = shared_s
        self._last = time.monotonic()

    def done(self, cell_id: str) -> None:
        """Note that a cell has ended, now."""
        now = time.monotonic()
        price = self._prices.pop(cell_id, None)
        if price is not None:
            self._expected += price
            self._taken += now - self._last
        self._last = now

    def left_s(self) -> float:
        """Return the estimate."""
        ahead = sum(self._prices.values())
        if self._expected == 0:
            return ahead + self._shared_s
        # the first cells pay for what all share, so it belongs to what was expected of them
        return ahead * self._taken / (self._expected + self._shared_s)


class ConsoleScreen:
    """A bar with the cells done, the current cell and the time left."""

    def __init__(self, progress: Progress | None, console: Console) -> None:
        self._progress = progress
        self._console = console
        self._task: Any = None
        self._left = TimeLeft({}, 0.0)
        self._total = 0
        self._count = 0
        self._spoke = 0.0

    def say(self, line: str) -> None:
        """Show one line."""
        # as it is: rich would take brackets for markup, colour numbers, and break lines that somebody may search
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def working(self, what: str, done: int, total: int) -> None:
        """Show how far a preparation is."""
        self._show(what, done, total, "")

    def expect(self, cells: Sequence[Cell], seconds: Mapping[str, float], shared_s: float) -> None:
        """Say what is to come, before it comes."""
        self._left = TimeLeft(seconds, shared_s)
        self._total = len(cells)
        if seconds:
            self.say(
                f"{counted(len(cells), 'cell')}, expected to take about {duration(self._left.left_s())} "
                "(from one measured step of each backbone; corrected as cells are done)"
            )

    def cell(self, cell: Cell, what: str, done: int, total: int) -> None:
        """Show how far a cell is."""
        self._show(f"{cell.label}: {what} {done}/{total}", self._count, self._total, self._remaining())

    def done(self, cell: Cell, record: Record) -> None:
        """Show that a cell has ended."""
        self._count += 1
        self._left.done(cell.cell_id)
        if record.status not in ("ok", "skipped"):
            self.say(f"{record.status}: {cell.label}: {record.reason}")
        self._show(cell.label, self._count, self._total, self._remaining())

    def _remaining(self) -> str:
        return f"{duration(self._left.left_s())} left"

    def _show(self, what: str, done: int, total: int, left: str) -> None:
        if self._progress is not None:
            if self._task is None:
                self._task = self._progress.add_task("", total=total, left="")
            # of a long label the end: method, budget and seed tell cells apart
            self._progress.update(self._task, description=what[-78:], completed=done, total=total, left=left)
        elif time.monotonic() - self._spoke > PLAIN_EVERY_S:
            self._spoke = time.monotonic()
            self.say(f"[{done}/{total}] {what}" + (f" ({left})" if left else ""))


@contextmanager
def screen() -> Iterator[ConsoleScreen]:
    """Yield a screen on stderr, which leaves stdout to what a command prints; rich heeds NO_COLOR."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield ConsoleScreen(None, console)
        return
    columns = (
        BarColumn(24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}"),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield ConsoleScreen(progress, console)
