"""What there is: names of the catalogue, and this machine."""

import json
from typing import Any

import click

from bench.errors import BenchError

KINDS = (
    *("backbones", "datasets", "methods", "suites", "pretraining", "selections"),
    *("sources", "probes", "profiles", "scores", "executors", "reports"),
    "workloads",
)


@click.command("ls")
@click.argument("kind", type=click.Choice(KINDS), required=False, metavar="[KIND]")
@click.argument("pattern", default="*", metavar="[GLOB]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def list_names(kind: str | None, pattern: str, as_json: bool) -> None:
    """List what there is, one name a line: of all kinds (of backbones the usual ones), or of one.

    \b
    KIND is backbones, datasets, methods, suites, pretraining, selections,
    sources, probes, profiles, scores, executors, reports or workloads.
    """
    from bench.commands.listing import everything, names_of

    found: dict[str, Any] = everything() if kind is None else names_of(kind, pattern)
    if as_json:
        click.echo(json.dumps(found, indent=1))
        return
    rows = [[name, said] for name, said in found.items()]
    if kind is None:
        rows = [[each, name, said] for each, names in found.items() for name, said in names.items()]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)] if rows else []
    for row in rows:
        padded = [f"{cell:{width}}" for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join([*padded, row[-1]]).rstrip())
    if not rows:
        raise BenchError(f"no {kind} fit {pattern!r}; quote a glob, as in '*resnet*'")


@click.command()
@click.option("--device", default="auto", show_default=True)
def env(device: str) -> None:
    """Print what is recorded of this machine, as JSON."""
    from bench.machine import devices, environment

    devices.check_name(device)
    device = devices.resolve(device)
    devices.configure(device, devices.cores(), True)
    click.echo(json.dumps(environment.describe(device), indent=1))
