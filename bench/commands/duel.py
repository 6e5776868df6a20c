"""`bench duel`: one version of the harness against another."""

import dataclasses
import json
import sys
from typing import Any

import click

from bench.commands.options import AS_JSON
from bench.errors import BenchError, Exit
from bench.gate.duel.asking import Wanted, run_duel
from bench.gate.duel.bisection import Culprit, find_culprit
from bench.gate.duel.verdict import exit_code
from bench.reports.checks import duel as report

RENDERINGS = {"console": report.console, "github": report.github}


@click.command()
@click.argument("suite", default="throughput", metavar="[SUITE]")
@click.option("--base", metavar="REF|PATH", help="What to hold it against: a commit, or the root of another checkout.")
@click.option("--candidate", metavar="REF|PATH", help="[default: this checkout, with what is not committed]")
@click.option("--only", multiple=True, metavar="WORKLOAD", help="Some of the suite's workloads, or accuracy.")
@click.option("--accept", multiple=True, metavar="COUNTER", help="A growth that is meant: flop, or probe_fit:flop.")
@click.option("--bisect", nargs=2, metavar="GOOD BAD", help="Find the first commit after GOOD that is worse than it.")
@click.option("--format", "format_", type=click.Choice(list(RENDERINGS)), default="console", show_default=True)
@AS_JSON
def duel(
    suite: str, base: str | None, bisect: tuple[str, str] | None, format_: str, as_json: bool, **asked: Any
) -> None:
    """Say whether a version of the harness is slower, larger or worse than another, by the workloads of SUITE.

    \b
    Both run in turns in one job, in checkouts of their own. What one unit of work does is counted exactly, what it
    takes is measured in restarts until it is known, accuracies are compared cell by cell.
    Exit codes: 0 the same or better; 1 worse; 4 not known; 5 not comparable.
    """
    if bool(base) == bool(bisect):
        raise BenchError("duel: name what to hold it against with --base REF|PATH, or a range with --bisect GOOD BAD")
    only, accepted = tuple(asked["only"]), tuple(asked["accept"])
    if bisect is not None:
        good, bad = bisect
        culprit = find_culprit(Wanted(suite, good, None, only, accepted), bad, _tell)
        click.echo(json.dumps(dataclasses.asdict(culprit), indent=1) if as_json else _named(culprit))
        sys.exit(Exit.OK)
    found = run_duel(Wanted(suite, str(base), asked["candidate"], only, accepted), _tell)
    outcome = exit_code(found)
    render = report.as_json if as_json else RENDERINGS[format_]
    click.echo(render(found, outcome))
    sys.exit(outcome)


def _named(culprit: Culprit) -> str:
    """Return which commit it was, and those that it may be as well."""
    what = ", ".join(f"{quantity} of {workload}" for workload, quantity in culprit.quantities)
    *maybe, first = culprit.commits
    also = f"\nor one of these, which can't be compared: {', '.join(maybe)}" if maybe else ""
    return f"{first} is the first where {what} became worse ({culprit.asked} commits compared){also}"


def _tell(line: str) -> None:
    click.echo(f"duel: {line}", err=True)
