"""The verb that holds two versions of the harness against each other: duel."""

import sys
from typing import Any

import click

from bench.errors import BenchError, Exit


@click.command()
@click.argument("suite", default="throughput", metavar="[SUITE]")
@click.option("--base", metavar="REF|PATH", help="What to hold it against: a commit, or the root of another checkout.")
@click.option("--candidate", metavar="REF|PATH", help="[default: this checkout, with what is not committed]")
@click.option("--only", multiple=True, metavar="WORKLOAD", help="Some of the suite's workloads, or accuracy.")
@click.option("--accept", multiple=True, metavar="COUNTER", help="A growth that is meant: flop, or probe_fit:flop.")
@click.option("--bisect", nargs=2, metavar="GOOD BAD", help="Find the first commit after GOOD that is worse than it.")
@click.option("--format", "format_", type=click.Choice(["console", "github"]), default="console", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def duel(
    suite: str, base: str | None, bisect: tuple[str, str] | None, format_: str, as_json: bool, **asked: Any
) -> None:
    """Say whether a version of the harness is slower, larger or worse than another, by the workloads of SUITE.

    \b
    Both run in turns in one job, in checkouts of their own. What one unit of work does is counted exactly, what it
    takes is measured in restarts until it is known, accuracies are compared cell by cell.
    Exit codes: 0 the same or better; 1 worse; 4 not known; 5 not comparable.
    """
    from bench.gate.duel.asking import Wanted, run_duel
    from bench.gate.duel.verdict import exit_code
    from bench.reports.checks import duel as report

    if bool(base) == bool(bisect):
        raise BenchError("duel: name what to hold it against with --base REF|PATH, or a range with --bisect GOOD BAD")
    only, accepted = tuple(asked["only"]), tuple(asked["accept"])
    if bisect is not None:
        _bisect(Wanted(suite, bisect[0], None, only, accepted), bisect[1], as_json)
        return
    found = run_duel(Wanted(suite, str(base), asked["candidate"], only, accepted), _tell)
    outcome = exit_code(found)
    render = report.as_json if as_json else report.github if format_ == "github" else report.console
    click.echo(render(found, outcome))
    sys.exit(outcome)


def _bisect(wanted: Any, bad: str, as_json: bool) -> None:
    import dataclasses
    import json

    from bench.gate.duel.bisection import find_culprit

    found = find_culprit(wanted, bad, _tell)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(found), indent=1))
    else:
        what = ", ".join(f"{quantity} of {workload}" for workload, quantity in found.quantities)
        *maybe, first = found.commits
        click.echo(f"{first} is the first where {what} became worse ({found.asked} commits compared)")
        if maybe:
            click.echo(f"or one of these, which can't be compared: {', '.join(maybe)}")
    sys.exit(Exit.OK)


def _tell(line: str) -> None:
    click.echo(f"duel: {line}", err=True)
