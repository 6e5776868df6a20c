"""`bench plan`: the cells of a suite on this machine. `bench run` takes its options from here."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from bench.commands.options import AS_JSON, together
from bench.running.overview import plan_rows
from bench.running.planning import Planned, plan_suite


class Workers(click.ParamType):  # type: ignore[type-arg]
    """A number of cells, or `auto`, which is null here."""

    name = "N|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        """Return the number."""
        if value == "auto":
            return None
        if not str(value).isdigit() or int(value) < 1:
            self.fail(f"{value!r} is no number of cells; write 1 or more, or auto", param, ctx)
        return int(value)


PLAN_OPTIONS = together(
    click.argument("suite"),
    click.option(
        "--data-dir",
        type=click.Path(path_type=Path),
        help="Parent of the data sets; for image_folder the folder that holds train/.",
    ),
    click.option("--weights-dir", type=click.Path(path_type=Path), help="Holds <backbone>.safetensors or .pth files."),
    click.option("--out", type=click.Path(path_type=Path), help="The run's folder.  [default: results/<suite>]"),
    click.option(
        "--filter",
        "filters",
        multiple=True,
        metavar="KEY=GLOB[,GLOB]",
        help="Only cells that fit; all filters must hold.",
    ),
    click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="KEY=VALUE",
        help="Override a key of the suite, as in --set image_size=96 or --set train.steps=50.",
    ),
    click.option("--device", metavar="DEVICE", help="cpu, cuda, cuda:1, mps or auto, in place of the suite's."),
    click.option(
        "--workers",
        type=Workers(),
        # not auto: cells side by side have fewer threads each, which makes them other cells, and publish no throughput
        default="1",
        show_default=True,
        help="Cells side by side, which share the cores; auto: where they do more in all.",
    ),
    click.option(
        "--limit", type=click.IntRange(20), metavar="N", help="At most N images of each split: for testing only."
    ),
    AS_JSON,
)
"""The arguments of `plan_suite`, and `as_json`."""


@click.command()
@PLAN_OPTIONS
def plan(suite: str, as_json: bool, **asked: Any) -> None:
    """List the cells of SUITE: which are done, and what the others lack."""
    print_plan(plan_suite(suite, **asked), as_json)


def print_plan(planned: Planned, as_json: bool) -> None:
    """Print a line for each cell and a sum of them, or one JSON document."""
    rows = plan_rows(planned)
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for line in _lines(rows):
        click.echo(line)


def _lines(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        missing = f"  missing: {', '.join(row['missing'])}" if row["missing"] else ""
        yield f"{row['cell_id']}  {row['state']:8}  {row['cell']}{missing}"
    states = [row["state"] for row in rows]
    lacking = sorted({thing for row in rows for thing in row["missing"]})
    counts = f"{len(rows)} cells, {states.count('ok')} done, {states.count('to run')} to run"
    yield counts + "".join(f"; not here yet: {thing}" for thing in lacking)
