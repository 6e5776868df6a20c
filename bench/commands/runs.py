"""The verbs that take a suite: run, plan, validate."""

import json
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bench.errors import Exit

if TYPE_CHECKING:
    from bench.running.planning import Planned
    from bench.running.resume import Asked

Command = TypeVar("Command", bound=Callable[..., Any])


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


def _options(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


_PLAN_OPTIONS = _options(
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
        default="1",
        show_default=True,
        help="Cells side by side, which share the cores; auto: where they do more in all.",
    ),
    click.option(
        "--limit", type=click.IntRange(20), metavar="N", help="At most N images of each split: for testing only."
    ),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout."),
)


@click.command()
@_PLAN_OPTIONS
@click.option("--dry-run", is_flag=True, help="List the cells and stop.")
@click.option("--rerun", type=click.Choice(["failed", "all"]), help="Run these again.")
@click.option(
    "--executor",
    type=click.Choice(["process", "inline"]),
    default="process",
    show_default=True,
    help="Where cells run.",
)
@click.option("--cell", "cell_id", metavar="ID", help="Run this one cell again, in this process, for debugging.")
@click.option("--no-cache", "alone", is_flag=True, help="Share no features: each cell pays for its own. Same numbers.")
def run(suite: str, dry_run: bool, rerun: Any, executor: str, cell_id: str | None, alone: bool, **asked: Any) -> None:
    """Run the cells of SUITE (a name in suites/ or a path) that have no result yet, and report."""
    from bench.machine.housekeeping import limit_bytes
    from bench.running.resume import Asked

    limit_bytes()  # a limit that is no size is told before anything runs
    planned = _plan(suite, **asked)
    if dry_run:
        _print_plan(planned, asked["as_json"])
        return
    if cell_id is not None:
        planned, rerun, executor = planned.only(cell_id), "all", "inline"
    _run(planned, executor, Asked(planned.places, rerun, alone), asked["as_json"])


@click.command()
@_PLAN_OPTIONS
def plan(suite: str, **asked: Any) -> None:
    """List the cells of SUITE: which are done, and what the others lack."""
    _print_plan(_plan(suite, **asked), asked["as_json"])


@click.command()
@click.argument("suite")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key of the suite.")
def validate(suite: str, overrides: Sequence[str]) -> None:
    """Report all mistakes in SUITE at once."""
    from bench.suites.plan import count_cells
    from bench.suites.suite import read_suite, suite_path
    from bench.suites.workload_suite import is_workload_suite, read_workload_suite

    path = suite_path(suite)
    if is_workload_suite(path):
        click.echo(f"{path}: valid, {len(read_workload_suite(path).workloads)} workloads")
        return
    click.echo(f"{path}: valid, {count_cells(read_suite(path, overrides))} cells")


def _trim_cache(root: Path) -> None:
    from bench.machine.housekeeping import limit_bytes, readable, trim

    gone = trim(root, limit_bytes())
    if gone:
        size = readable(sum(entry.size for entry in gone))
        click.echo(f"cache: {len(gone)} entries removed to keep it under {readable(limit_bytes())} ({size})", err=True)


def _plan(suite: str, as_json: bool, **asked: Any) -> "Planned":
    from bench.running.planning import plan_suite

    return plan_suite(suite, **asked)


def _print_plan(planned: "Planned", as_json: bool) -> None:
    from bench.running.planning import plan_rows

    rows = plan_rows(planned)
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        missing = f"  missing: {', '.join(row['missing'])}" if row["missing"] else ""
        click.echo(f"{row['cell_id']}  {row['state']:8}  {row['cell']}{missing}")
    done = sum(row["state"] == "ok" for row in rows)
    to_run = sum(row["state"] == "to run" for row in rows)
    lacking = sorted({thing for row in rows for thing in row["missing"]})
    click.echo(f"{len(rows)} cells, {done} done, {to_run} to run" + "".join(f"; not here yet: {x}" for x in lacking))


def _run(planned: "Planned", executor_name: str, asked: "Asked", as_json: bool) -> None:
    from bench.catalog import EXECUTORS
    from bench.records.store import Store
    from bench.reports.reporting import read_summary, write_reports
    from bench.running.progress import counted, screen
    from bench.running.run import run as run_cells

    executor = EXECUTORS.entry(executor_name).load()(planned.workers)
    command = shlex.join(["bench", *sys.argv[1:]])
    store = Store(planned.out)
    try:
        with screen() as shown:
            result = run_cells(planned.chosen, store, asked, executor, shown, planned.manifest(command))
    except KeyboardInterrupt:
        click.echo(f"\ninterrupted; what is done is kept, this resumes it:\n  {command}", err=True)
        sys.exit(Exit.INTERRUPTED)
    finally:
        executor.close()
    _trim_cache(planned.places.cache_dir)
    summary = read_summary(planned.out)
    written = write_reports(summary, planned.out)
    if as_json:
        done = store.records()
        mine = [done[cell.cell_id].to_json() for cell in planned.chosen if cell.cell_id in done]
        click.echo(json.dumps({"ran": result.ran, "resumed": result.resumed, "records": mine}, indent=1))
    else:
        click.echo(written["console"])
        click.echo(
            f"\n{counted(result.ran, 'cell')} run, {result.resumed} resumed; report: {planned.out / 'report.md'}"
        )
    sys.exit(result.exit_code)
