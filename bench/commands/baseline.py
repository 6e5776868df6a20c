"""The verbs of `bench baseline`."""

import json

import click

from bench.commands.options import AS_JSON
from bench.gate import baselines
from bench.gate.sides import latest_run, read_baseline, read_side
from bench.reports.checks.baseline import render_json, render_list, render_side

LISTED = ("title", "made_at", "commit", "machine")
"""What `bench baseline ls --json` tells of each."""


@click.group("baseline")
def baseline_group() -> None:
    """Keep what a run measured as a small file under results/baselines/, to commit and to compare with."""


@baseline_group.command("save")
@click.argument("name")
@click.argument("run", required=False)
@click.option("--force", is_flag=True, help="Replace the baseline of that name.")
def baseline_save(name: str, run: str | None, force: bool) -> None:
    """Save RUN (the run in results/ that was written last where it is not given) as the baseline NAME."""
    side = read_side(run or str(latest_run()))
    path = baselines.save(side, name, force)
    cells = sum(bool(sample.figures) for sample in side.samples)
    without = len(side.samples) - cells
    left_out = f", {without} without a number left out" if without else ""
    click.echo(f"{path}: {cells} cells of {side.title}{left_out}")


@baseline_group.command("ls")
@AS_JSON
def baseline_ls(as_json: bool) -> None:
    """List the baselines, oldest first."""
    found = baselines.listed()
    if as_json:
        click.echo(json.dumps([{key: getattr(side, key) for key in LISTED} for side in found], indent=1))
        return
    click.echo(render_list(found))


@baseline_group.command("show")
@click.argument("name")
@AS_JSON
def baseline_show(name: str, as_json: bool) -> None:
    """Show what the baseline NAME holds: its machine, and the mean figures of its rows."""
    click.echo((render_json if as_json else render_side)(read_baseline(name)))
