"""`bench validate`: is a suite right?"""

from collections.abc import Sequence

import click

from bench.errors import BenchError
from bench.suites.plan import count_cells
from bench.suites.suite import read_suite, suite_path
from bench.suites.wording import one_line
from bench.suites.workload_suite import is_workload_suite, read_workload_suite


@click.command()
@click.argument("suite")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key of the suite.")
def validate(suite: str, overrides: Sequence[str]) -> None:
    """Report all mistakes in SUITE at once."""
    path = suite_path(suite)
    if is_workload_suite(path):
        if overrides:
            raise BenchError(f"--set: {one_line(str(path))} names workloads; what it asks for is changed in the file")
        click.echo(f"{one_line(str(path))}: valid, {len(read_workload_suite(path).workloads)} workloads")
        return
    click.echo(f"{one_line(str(path))}: valid, {count_cells(read_suite(path, overrides))} cells")
