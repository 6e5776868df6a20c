"""`bench leaderboard`: backbones by data sets."""

from collections.abc import Sequence
from pathlib import Path

import click

from bench.answers.leaderboard import Board
from bench.answers.reading import read
from bench.commands.formats import format_option
from bench.commands.options import FILTERS, OUT, RUNS
from bench.reports.reporting import board, render_tables
from bench.reports.tables.grids import GRID_FORMATS
from bench.running.progress import patient, screen


@click.command()
@RUNS
@format_option(GRID_FORMATS.keys)
@OUT
@FILTERS
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
    with screen() as shown:
        grids = board(read(runs, filters, patient(shown.working)), Board(metric, method, budget))
    click.echo(render_tables(grids, format_, out, "leaderboard"))
