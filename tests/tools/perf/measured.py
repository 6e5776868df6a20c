"""What a row gives: lines of the table, each with its verdict, and tables of its own."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Claim:
    """What must hold beside the speed."""

    text: str
    held: bool | None
    """Null where it was not measured."""


@dataclass(frozen=True)
class Line:
    """The harness against the usual way, at one piece of work."""

    row: str
    work: str
    against: str
    """The usual way; also says what was scaled up from a part."""
    reach: float | None
    """How many times faster the harness is to be; null for a row that failed before it said."""
    ratios: Sequence[float] = ()
    """How many times faster the harness was, one for each round."""
    claim: Claim | None = None
    note: str = ""
    missing: str | None = None
    """Why nothing was measured."""


@dataclass(frozen=True)
class Table:
    """A table of figures that are no ratios."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Outcome:
    """What came of a row."""

    lines: Sequence[Line]
    tables: Sequence[Table] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)
    """All seconds and rates as they were read, as JSON."""


def measured(line: Line) -> str:
    """Return the median ratio with its spread over the rounds."""
    if not line.ratios:
        return "-"
    middle = f"{statistics.median(line.ratios):.3g} x"
    if len(line.ratios) == 1:
        return f"{middle} (1 round)"
    return f"{middle} ({min(line.ratios):.3g} to {max(line.ratios):.3g}, {len(line.ratios)} rounds)"


def verdict(line: Line, quick: bool) -> str:
    """Say whether a line reached what it was to reach; a rehearsal has no verdict."""
    if line.missing is not None:
        return f"not measured: {line.missing}"
    if quick:
        return "no verdict: sizes of a rehearsal" + (f"; {line.claim.text}" if line.claim else "")
    assert line.reach is not None, "a line that was measured has something to reach"
    fast = statistics.median(line.ratios) >= line.reach
    if line.claim is None:
        return "reached" if fast else "not reached"
    if line.claim.held is None:
        return f"{'speed reached' if fast else 'not reached'}; {line.claim.text}"
    return f"{'reached' if fast and line.claim.held else 'not reached'}; {line.claim.text}"
