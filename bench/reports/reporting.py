"""From the folders of runs to reports and answers."""

import warnings
from collections.abc import Sequence
from pathlib import Path

from bench.answers.crosstab import Grid, Layout, Pivot, crosstab, pivot
from bench.answers.leaderboard import Board, leaderboard
from bench.answers.reading import Reading, Tell, read, read_summary, right_of, silent
from bench.answers.recommend import Wanted, recommend
from bench.answers.summary import Summary
from bench.answers.verdicts import verdicts
from bench.catalog import REPORTS
from bench.errors import BenchError
from bench.machine.writing import sweep, temporary_folder, write_atomically
from bench.reports.tables.answer import render_answer
from bench.reports.tables.grids import GRID_FORMATS, render_grids

__all__ = ["Reading", "read", "read_summary", "right_of"]

WRITTEN = ("console", "md", "csv", "html")
"""The formats that a run writes, where they are in the catalogue."""


def report_file(format_: str) -> str:
    """Return the name of the file that a format is written to."""
    suffix = REPORTS.entry(format_).suffix or format_.rpartition(":")[2]
    return f"report.{suffix}"


def write_report(summary: Summary, folder: Path, format_: str) -> str | bytes:
    """Write one report to a folder and return its contents."""
    sweep(folder)
    contents = _rendered(summary, folder, format_)
    write_atomically(folder / report_file(format_), contents)
    return contents


def _rendered(summary: Summary, folder: Path, format_: str) -> str | bytes:
    contents: str | bytes = REPORTS.entry(format_).call(summary, folder)
    if not isinstance(contents, str | bytes):
        raise BenchError(f"--format {format_}: gives a {type(contents).__name__}; return text or bytes")
    return contents


def write_reports(summary: Summary, folder: Path) -> dict[str, str | bytes]:
    """Write the reports that every run has and return their contents by format."""
    return {name: write_report(summary, folder, name) for name in WRITTEN if name in REPORTS.names()}


def show_report(summary: Summary, format_: str) -> str:
    """Return a report without writing it; one that is no text, or has pictures, needs a folder."""
    with temporary_folder() as folder:
        contents = _rendered(summary, folder, format_)
        pictures = sorted(path.name for path in folder.iterdir())
    if isinstance(contents, bytes):
        raise BenchError(f"--format {format_}: a binary file is not printed; give --out FOLDER")
    if pictures:  # the text links to them
        warnings.warn(f"{', '.join(pictures)}: not kept; give --out FOLDER to have the pictures", stacklevel=2)
    return contents


def tables(reading: Reading, layout: Layout, asked: Pivot | None) -> tuple[Grid, ...]:
    """Return the tables of the user's choice."""
    summary = reading.summary
    if asked is None:
        return crosstab(summary.rows, layout)
    return (pivot(summary.rows, asked, layout.metric, summary.ask(verdicts)),)


def board(reading: Reading, wanted: Board) -> tuple[Grid, ...]:
    """Return the leaderboard, as a table."""
    return (leaderboard(reading.summary.rows, wanted, reading.summary.unfinished),)


def render_tables(grids: Sequence[Grid], format_: str, out: Path | None, name: str) -> str:
    """Return tables as text, written to `out/<name>.<ext>` where a folder is given."""
    if format_ not in GRID_FORMATS:
        raise BenchError(f"--format {format_}: tables of your choice come as {', '.join(GRID_FORMATS)}")
    text = render_grids(grids, format_)
    if out is not None:
        suffix = REPORTS.entry(format_).suffix if format_ in REPORTS.names() else None
        write_atomically(out / f"{name}.{suffix or format_}", text)
    return text


def answer(runs: Sequence[Path], wanted: Wanted, filters: Sequence[str] = (), tell: Tell = silent) -> str:
    """Return the recommendation of one run or several, in words."""
    summary = read(runs, filters, tell).summary
    return render_answer(recommend(summary.rows, wanted, summary.ask(verdicts)))
