"""The verbs that read runs: report, leaderboard, recommend."""

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from bench.errors import BenchError

Command = TypeVar("Command", bound=Callable[..., Any])


class Format(click.ParamType):  # type: ignore[type-arg]
    """A format of reports or of tables; which there are is looked up when it is needed."""

    name = "format"

    def __init__(self, *kinds: Callable[[], Iterable[str]]) -> None:
        self._kinds = kinds

    def _names(self) -> list[str]:
        return sorted({name for kind in self._kinds for name in kind()})

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return the names that there are."""
        return "|".join(self._names())

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name; an unknown one is refused with the nearest, `package.module:object` is taken."""
        from bench.registry import unknown

        if value not in self._names() and ":" not in value:
            self.fail(unknown("format", value, self._names()), param, ctx)
        return str(value)


class Finite(click.FloatRange):
    """A number in a range that is one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is no number to compare with; write one, or leave the option out", param, ctx)
        return number


def _of_reports() -> Iterable[str]:
    from bench.catalog import REPORTS

    return REPORTS.names()


def _of_tables() -> Iterable[str]:
    from bench.reports.tables.grids import GRID_FORMATS

    return GRID_FORMATS


def _format(*kinds: Callable[[], Iterable[str]]) -> Callable[[Command], Command]:
    return click.option("--format", "format_", type=Format(*kinds), default="console", show_default=True)


_RUNS = click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
_FILTERS = click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="KEY=GLOB[,GLOB]",
    help="Only records that fit, as in --filter backbone='*resnet*'; all filters must hold.",
)
_OUT = click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="A folder to write to.")


@click.command()
@_RUNS
@click.option("--labels", required=True, type=click.IntRange(min=0), help="How many labels you have or can pay for.")
@click.option("--min-throughput", type=Finite(min=0), metavar="N", help="Images per second, at least.")
@click.option("--max-memory", metavar="SIZE", help="Peak memory, at most, as in 2GiB.")
@click.option("--max-latency", type=Finite(min=0), metavar="MS", help="Milliseconds for one image, at most.")
@click.option("--device", help="Measured on cpu, cuda or mps only.")
@click.option("--dataset", help="Where there are several.")
@_FILTERS
def recommend(
    runs: Sequence[Path],
    labels: int,
    min_throughput: float | None,
    max_memory: str | None,
    max_latency: float | None,
    device: str | None,
    dataset: str | None,
    filters: Sequence[str],
) -> None:
    """Say which backbone and method to take, with the evidence, or that nothing fits; both exit with 0.

    Labels between two budgets are read off the largest measured one not above them.
    """
    from bench.answers.recommend import Wanted
    from bench.machine.housekeeping import to_bytes
    from bench.reports.reporting import answer
    from bench.running.progress import patient, screen

    memory = to_bytes("--max-memory", max_memory) / 2**20 if max_memory else None
    wanted = Wanted(labels, min_throughput, memory, max_latency, device, dataset)
    with screen() as shown:
        told = answer(runs, wanted, filters, patient(shown.working))
    click.echo(told)


@click.command()
@_RUNS
@_format(_of_reports, _of_tables)
@_OUT
@_FILTERS
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
    from bench.answers.label_needs import TARGETS
    from bench.answers.reading import folder_of, read
    from bench.running.progress import patient, screen

    if any(each is not None for each in (rows, columns, metric, pivot)):
        _table(runs, format_, out, filters, (rows, columns, metric, pivot))
        return
    with screen() as shown:
        summary = read(runs, filters, patient(shown.working), targets or TARGETS).summary
        place = out or (folder_of(runs[0]) if len(runs) == 1 and not filters else None)
        told = _written(summary, place, format_)
    click.echo(told)


def _written(summary: Any, place: Path | None, format_: str) -> str:
    """Write a report where there is a place for it, and return what is printed."""
    from bench.reports.reporting import report_file, show_report, write_report

    if place is None:
        return show_report(summary, format_)
    contents = write_report(summary, place, format_)
    return f"written: {place / report_file(format_)}" if isinstance(contents, bytes) else contents


def _table(
    runs: Sequence[Path],
    format_: str,
    out: Path | None,
    filters: Sequence[str],
    asked: tuple[str | None, str | None, str | None, str | None],
) -> None:
    from bench.answers.crosstab import Layout, keys_named, pivot_named
    from bench.answers.reading import read
    from bench.reports.reporting import render_tables, tables
    from bench.running.progress import patient, screen

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


@click.command()
@_RUNS
@_format(_of_tables)
@_OUT
@_FILTERS
@click.option("--metric", default="accuracy", show_default=True, metavar="NAME", help="A column of the CSV.")
@click.option("--method", metavar="NAME", help="Which method, or all.  [default: the one that was measured most]")
@click.option("--budget", metavar="LABEL", help="Which label budget, as in '5 per class'.  [default: measured most]")
def leaderboard(
    runs: Sequence[Path],
    format_: str,
    out: Path | None,
    filters: Sequence[str],
    metric: str,
    method: str | None,
    budget: str | None,
) -> None:
    """Print backbones by data sets on one page; what was not measured is shown as missing.

    Mean ranks are over the data sets that all lines have.
    """
    from bench.answers.leaderboard import Board
    from bench.answers.reading import read
    from bench.reports.reporting import board, render_tables
    from bench.running.progress import patient, screen

    with screen() as shown:
        grids = board(read(runs, filters, patient(shown.working)), Board(metric, method, budget))
    click.echo(render_tables(grids, format_, out, "leaderboard"))
