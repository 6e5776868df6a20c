"""The verbs that judge: compare, baseline, history."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click


@click.command()
@click.argument("base")
@click.argument("new")
@click.option(
    "--fail-on",
    "limits",
    multiple=True,
    metavar="METRIC:LIMIT",
    help="As in throughput:5%, accuracy:ci, peak_rss:20MiB; each is judged by itself.  [default: accuracy:ci, "
    "throughput:5%, peak_rss:3%; of benchmarks their counters and min:5%]",
)
@click.option(
    "--allow", "allowed", multiple=True, metavar="NAME", help="Compare although this differs, as in versions."
)
@click.option(
    "--format", "format_", type=click.Choice(["console", "github", "json"]), default="console", show_default=True
)
def compare(base: str, new: str, limits: Sequence[str], allowed: Sequence[str], format_: str) -> None:
    """Say whether NEW is worse than BASE, row by row: better, worse, same, unknown, or not comparable and why.

    Each is a run's folder, a records.jsonl, a saved baseline, or JSON of pytest-benchmark (a file, or a folder of files
    that repeat one another). Exit codes: 0 the same or better; 1 worse; 4 unknown, or nothing was compared; 5 not
    comparable; 2 usage.
    """
    from bench.gate.comparability import check_allowed
    from bench.gate.compare import compare as compare_sides
    from bench.gate.rules import parse_rules, usual_rules
    from bench.gate.sides import read_side
    from bench.reports.checks import comparison as rendering

    check_allowed(allowed)
    left, right = read_side(base), read_side(new)
    counters = left.counters | right.counters
    rules = parse_rules(limits, counters) or usual_rules(left.figures | right.figures, counters, _counter_limits())
    found = compare_sides(left, right, rules, allowed)
    renderings = {
        "console": rendering.render_console,
        "github": rendering.render_github,
        "json": rendering.render_json,
    }
    click.echo(renderings[format_](found))
    sys.exit(found.exit_code)


def _counter_limits() -> dict[str, str]:
    """Return how much a duel lets each of its counters grow."""
    from bench.gate.duel.verdict import RULES

    return {name: f"{rule.share * 100:g}%" if rule.share else f"{rule.amount:g}" for name, rule in RULES.items()}


@click.group("baseline")
def baseline_group() -> None:
    """Keep what a run measured as a small file under results/baselines/, to commit and to compare with."""


@baseline_group.command("save")
@click.argument("name")
@click.argument("run", required=False)
@click.option("--force", is_flag=True, help="Replace the baseline of that name.")
def baseline_save(name: str, run: str | None, force: bool) -> None:
    """Save RUN (the run in results/ that was written last where it is not given) as the baseline NAME."""
    from bench.gate import baselines
    from bench.gate.sides import latest_run, read_side

    side = read_side(run or str(latest_run()))
    path = baselines.save(side, name, force)
    cells = sum(bool(sample.figures) for sample in side.samples)
    without = len(side.samples) - cells
    left_out = f", {without} without a number left out" if without else ""
    click.echo(f"{path}: {cells} cells of {side.title}{left_out}")


@baseline_group.command("ls")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def baseline_ls(as_json: bool) -> None:
    """List the baselines, oldest first."""
    from bench.gate.baselines import listed
    from bench.reports.checks.baseline import render_list

    found = listed()
    if as_json:
        keys = ("title", "made_at", "commit", "machine")
        click.echo(json.dumps([{key: getattr(side, key) for key in keys} for side in found], indent=1))
        return
    click.echo(render_list(found))


@baseline_group.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def baseline_show(name: str, as_json: bool) -> None:
    """Show what the baseline NAME holds: its machine, and the mean figures of its rows."""
    from bench.gate.sides import read_baseline
    from bench.reports.checks.baseline import render_json, render_side

    click.echo((render_json if as_json else render_side)(read_baseline(name)))


@click.command()
@click.argument("pattern", default="*", metavar="[GLOB]")
@click.option("--metric", default=None, help="What is followed.  [default: throughput; of benchmarks min]")
@click.option("--picture", type=click.Path(path_type=Path), metavar="SVG", help="Draw it to this file, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def history(pattern: str, metric: str | None, picture: Path | None, as_json: bool) -> None:
    """Show how rows fared over the saved baselines, oldest first, with the points where they changed.

    GLOB picks rows by their label. It is advice and fails nothing. Baselines of another machine or under other
    conditions than the last are left out and named.
    """
    from bench.gate.baselines import listed
    from bench.gate.history import follow
    from bench.reports.checks import trends

    found = follow(listed(), pattern, metric)
    if picture is not None:
        trends.draw(found, picture)
    click.echo(trends.render_json(found) if as_json else trends.render_console(found))
