"""`bench report`: the report of one run or of several, or a table of the user's choice."""

from collections.abc import Sequence
from pathlib import Path

import click

from bench.answers.crosstab import Layout, keys_named, pivot_named
from bench.answers.reading import folder_of, read
from bench.answers.summary import TARGETS, Summary
from bench.catalog import REPORTS
from bench.commands.formats import format_option
from bench.commands.options import FILTERS, OUT, RUNS
from bench.errors import BenchError
from bench.reports.reporting import render_tables, report_file, show_report, tables, write_report
from bench.reports.tables.grids import GRID_FORMATS
from bench.running.progress import patient, screen


@click.command()
@RUNS
@format_option(REPORTS.names, GRID_FORMATS.keys)
@OUT
@FILTERS
@click.option("--rows", metavar="KEY[,KEY]", help="A table of your own: what its lines are, as in backbone,method.")
@click.option("--columns", metavar="KEY[,KEY]", help="What its columns are, as in budget.")
@click.option("--metric", metavar="NAME", help="What it shows: a column of the CSV.  [default: accuracy]")
@click.option(
    "--pivot",
    metavar="between=KEY[:VALUE,VALUE]",
    help="Rows that differ in nothing but KEY side by side, as in between=method, with their differences.",
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    type=click.FloatRange(0, 1, min_open=True),
    metavar="ACCURACY",
    help="How many labels does it take? Repeatable.  [default: 0.9]",
)
def report(
    runs: Sequence[Path],
    format_: str,
    out: Path | None,
    filters: Sequence[str],
    rows: str | None,
    columns: str | None,
    metric: str | None,
    pivot: str | None,
    targets: Sequence[float],
) -> None:
    """Print the report of RUN (a run's folder or its records.jsonl) and write it to RUN/report.<ext>.

    Several runs come in one report where their records are comparable. That, a filtered report, and a table of your
    own are printed, and written where --out says.
    """
    if any(each is not None for each in (rows, columns, metric, pivot)):
        _table(runs, format_, out, filters, (rows, columns, metric, pivot))
        return
    with screen() as shown:
        summary = read(runs, filters, patient(shown.working), targets or TARGETS).summary
        place = out or _own_folder(runs, filters)
        told = show_report(summary, format_) if place is None else _written(summary, place, format_)
    click.echo(told)


def _own_folder(runs: Sequence[Path], filters: Sequence[str]) -> Path | None:
    """Return the folder of the run that a report is the whole report of; null where it is of several, or of a part."""
    return folder_of(runs[0]) if len(runs) == 1 and not filters else None


def _written(summary: Summary, place: Path, format_: str) -> str:
    """Write a report to a folder, and return what is printed."""
    contents = write_report(summary, place, format_)
    return f"written: {place / report_file(format_)}" if isinstance(contents, bytes) else contents


def _table(
    runs: Sequence[Path],
    format_: str,
    out: Path | None,
    filters: Sequence[str],
    asked: tuple[str | None, str | None, str | None, str | None],
) -> None:
    """Print a table of the user's choice."""
    rows, columns, metric, pivot = asked
    if pivot is not None and (rows is not None or columns is not None):
        raise BenchError("--pivot: its rows and columns follow from what it is between; leave out --rows and --columns")
    usual = Layout()
    layout = Layout(
        usual.rows if rows is None else keys_named("--rows", rows),
        usual.columns if columns is None else keys_named("--columns", columns),
        metric or usual.metric,
    )
    between = None if pivot is None else pivot_named(pivot)
    with screen() as shown:
        grids = tables(read(runs, filters, patient(shown.working)), layout, between)
    click.echo(render_tables(grids, format_, out, "table"))
