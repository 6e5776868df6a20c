"""What a format of reports must offer, and a section of one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

Table = tuple[Sequence[str], Sequence[Sequence[str]]]
"""Headers, and lines of texts."""


@dataclass(frozen=True)
class Captioned:
    """A table of a section."""

    caption: str
    table: Table
    is_heading: bool = False
    """Whether the caption is a heading of its own: of tables that stand side by side, one for each backbone."""
    on_page: bool = True
    """Whether the page shows it; false where its chart says the same."""
    stubs: int | None = None
    """Columns that name a line, where the table is one for a paper; null: it is not."""
    paper: str = ""
    """The caption in a paper."""


@dataclass(frozen=True)
class Picture:
    """A picture that a text links to."""

    alt: str
    draw: Callable[[Path], Path | None]
    """Writes it into a folder and returns where; null where there is nothing to draw."""
    note: str = ""
    """What must be said of it: what it leaves out, or why there is none."""


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it. Formats leave out one that has nothing to show."""

    title: str
    explanation: str = ""
    """How to read it, in Markdown."""
    tables: tuple[Captioned, ...] = ()
    """Those with lines."""
    lines: tuple[str, ...] = ()
    """Sentences."""
    picture: Picture | None = None
    """Of a text."""
    chart: str = ""
    """Of the page: its template is `figure_<chart>.html.jinja`."""


class SectionOf(Protocol):
    """One question that a report answers, as a function: it asks the summary for the answers that it shows."""

    def __call__(self, summary: Any) -> Section:
        """Return the section."""


class Report(Protocol):
    """One rendering of a summary."""

    def __call__(self, summary: Any, folder: Path) -> str | bytes:
        """Return the text, or the bytes of a binary file; pictures that it shows are written to `folder`."""
