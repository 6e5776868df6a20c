"""`bench compare`: is one side worse than another?"""

import sys
from collections.abc import Sequence

import click

from bench.gate.comparability import check_allowed
from bench.gate.compare import compare as compare_sides
from bench.gate.duel.verdict import RULES
from bench.gate.rules import parse_rules, usual_rules
from bench.gate.sides import read_side
from bench.reports.checks import comparison as rendering

RENDERINGS = {
    "console": rendering.render_console,
    "github": rendering.render_github,
    "json": rendering.render_json,
}


@click.command()
@click.argument("base")
@click.argument("new")
@click.option(
    "--fail-on",
    "limits",
    multiple=True,
    metavar="METRIC:LIMIT",
    help="As in throughput:5%, accuracy:ci, peak_rss:20MiB; each is judged by itself.  [default: accuracy:ci, "
    "throughput:5%, peak_rss:3%; of benchmarks min:5%, and the counters of this project's own]",
)
@click.option(
    "--allow", "allowed", multiple=True, metavar="NAME", help="Compare although this differs, as in versions."
)
@click.option("--format", "format_", type=click.Choice(list(RENDERINGS)), default="console", show_default=True)
def compare(base: str, new: str, limits: Sequence[str], allowed: Sequence[str], format_: str) -> None:
    """Say whether NEW is worse than BASE, row by row: better, worse, same, unknown, or not comparable and why.

    Each is a run's folder, a records.jsonl, a saved baseline, or JSON of pytest-benchmark (a file, or a folder of files
    that repeat one another). Exit codes: 0 the same or better; 1 worse; 4 unknown, or nothing was compared; 5 not
    comparable; 2 usage.
    """
    check_allowed(allowed)
    left, right = read_side(base), read_side(new)
    rules = parse_rules(limits, left.counters | right.counters | left.namable | right.namable)
    left, right = (side.judged_by(rule.quantity.name for rule in rules) for side in (left, right))
    counters, figures = left.counters | right.counters, left.figures | right.figures
    found = compare_sides(left, right, rules or usual_rules(figures, counters, _counter_limits()), allowed)
    click.echo(RENDERINGS[format_](found))
    sys.exit(found.exit_code)


def _counter_limits() -> dict[str, str]:
    """Return how much a duel lets each of its counters grow."""
    return {name: f"{rule.share * 100:g}%" if rule.share else f"{rule.amount:g}" for name, rule in RULES.items()}
