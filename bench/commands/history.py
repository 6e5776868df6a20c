"""`bench history`: how rows fared over the baselines."""

from pathlib import Path

import click

from bench.commands.options import AS_JSON
from bench.gate.baselines import listed
from bench.gate.history import follow
from bench.reports.checks import trends


@click.command()
@click.argument("pattern", default="*", metavar="[GLOB]")
@click.option("--metric", default=None, help="What is followed.  [default: throughput; of benchmarks min]")
@click.option("--picture", type=click.Path(path_type=Path), metavar="SVG", help="Draw it to this file, too.")
@AS_JSON
def history(pattern: str, metric: str | None, picture: Path | None, as_json: bool) -> None:
    """Show how rows fared over the saved baselines, oldest first, with the points where they changed.

    GLOB picks rows by their label. It is advice and fails nothing. Baselines of another machine or under other
    conditions than the last are left out and named.
    """
    found = follow(listed(), pattern, metric)
    if picture is not None:
        from bench.reports.figures.trend import draw  # matplotlib takes a second to import

        draw(found, picture)
    click.echo(trends.render_json(found) if as_json else trends.render_console(found))
