"""`bench plan`: the cells of a suite on this machine. `bench run` takes its options from here."""

import itertools
import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from bench.commands.options import AS_JSON, Device, Folder, Line, WholeNumber, together
from bench.running.overview import plan_rows
from bench.running.planning import Planned, plan_suite

BLOCK = 1000
"""Lines that are printed at a time."""


class Workers(WholeNumber):
    """A number of cells, or `auto`, which is null here."""

    name = "N|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        """Return the number."""
        return None if value == "auto" else super().convert(value, param, ctx)


PLAN_OPTIONS = together(
    click.argument("suite"),
    click.option(
        "--data-dir",
        type=Folder(path_type=Path),
        help="Parent of the data sets; for image_folder the folder that holds train/.",
    ),
    click.option("--weights-dir", type=Folder(path_type=Path), help="Holds <backbone>.safetensors or .pth files."),
    click.option("--out", type=Folder(path_type=Path), help="The run's folder.  [default: results/<suite>]"),
    click.option(
        "--filter",
        "filters",
        multiple=True,
        type=Line(),
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
    click.option(
        "--device", type=Device(), metavar="DEVICE", help="cpu, cuda, cuda:1, mps or auto, in place of the suite's."
    ),
    click.option(
        "--workers",
        type=Workers(1, 1024, "no number of cells; write 1 or more, or auto"),
        # not auto: cells side by side have fewer threads each, which makes them other cells, and publish no throughput
        default="1",
        show_default=True,
        help="Cells side by side, which share the cores; auto: where they do more in all.",
    ),
    click.option(
        "--limit", type=WholeNumber(20, 10**9), metavar="N", help="At most N images of each split: for testing only."
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
    """Print a line for each cell and a sum of them, or one JSON document; as they come, however many there are."""
    rows = plan_rows(planned)
    lines = listed(rows) if as_json else _lines(rows)
    while block := list(itertools.islice(lines, BLOCK)):
        click.echo("\n".join(block))


def listed(rows: Iterable[Any]) -> Iterator[str]:
    """Yield the lines of a JSON list with an indent of 1, an item at a time."""
    before = "["
    for row in rows:
        yield from before.splitlines()
        before = f"{textwrap.indent(json.dumps(row, indent=1), ' ')},"
    yield from [before.removesuffix(","), "]"] if before != "[" else ["[]"]


def _lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    states: Counter[str] = Counter()
    lacking: set[str] = set()
    for row in rows:
        missing = f"  missing: {', '.join(row['missing'])}" if row["missing"] else ""
        yield f"{row['cell_id']}  {row['state']:8}  {row['cell']}{missing}"
        states[row["state"]] += 1
        lacking.update(row["missing"])
    counts = f"{states.total()} cells, {states['ok']} done, {states['to run']} to run"
    yield counts + "".join(f"; not here yet: {thing}" for thing in sorted(lacking))
