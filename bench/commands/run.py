"""`bench run`: the cells of a suite that have no result yet, and their report."""

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from bench.catalog import EXECUTORS
from bench.commands.formats import Named
from bench.commands.plan import PLAN_OPTIONS, print_plan
from bench.errors import Exit
from bench.machine.cache import reads_every_run
from bench.machine.housekeeping import limit_bytes, readable, trim
from bench.records.store import Store
from bench.reports.reporting import read_summary, write_reports
from bench.running.own_executor import executor_of
from bench.running.planning import Planned, plan_suite
from bench.running.progress import counted, screen
from bench.running.resume import Asked
from bench.running.run import RunResult
from bench.running.run import run as run_cells


@click.command()
@PLAN_OPTIONS
@click.option("--dry-run", is_flag=True, help="List the cells and stop.")
@click.option("--rerun", type=click.Choice(["failed", "all"]), help="Run these again.")
@click.option(
    "--executor",
    type=Named(EXECUTORS),
    default="process",
    show_default=True,
    help="Where cells run.",
)
@click.option("--cell", "cell_id", metavar="ID", help="Run this one cell again, in this process, for debugging.")
@click.option("--no-cache", "alone", is_flag=True, help="Share no features: each cell pays for its own. Same numbers.")
def run(
    suite: str,
    as_json: bool,
    dry_run: bool,
    rerun: Any,
    executor: str,
    cell_id: str | None,
    alone: bool,
    **asked: Any,
) -> None:
    """Run the cells of SUITE (a name in suites/ or a path) that have no result yet, and report."""
    # a limit that is no size, and a check that is none, are told before anything runs
    limit_bytes()
    reads_every_run()
    planned = plan_suite(suite, **asked)
    if dry_run:
        print_plan(planned, as_json)
        return
    if cell_id is not None:
        planned, rerun, executor = planned.only(cell_id), "all", "inline"
    result = _run(planned, executor, Asked(planned.places, rerun, alone, planned.suite.required))
    _trim_cache(planned.places.cache_dir)  # after the run: what it used is then what was used last, and stays
    report = str(write_reports(read_summary(planned.out), planned.out)["console"])
    click.echo(_as_json(planned, result) if as_json else _as_text(planned, result, report))
    sys.exit(result.exit_code)


def _run(planned: Planned, executor_name: str, asked: Asked) -> RunResult:
    """Run the cells; whoever interrupts that is told how to go on."""
    executor = executor_of(executor_name, planned.workers)
    command = shlex.join(["bench", *sys.argv[1:]])
    try:
        with screen() as shown:
            return run_cells(planned.chosen, Store(planned.out), asked, executor, shown, planned.manifest(command))
    except KeyboardInterrupt:
        click.echo(f"\ninterrupted; what is done is kept, this resumes it:\n  {command}", err=True)
        sys.exit(Exit.INTERRUPTED)
    finally:
        executor.close()


def _trim_cache(root: Path) -> None:
    """Remove what was used least recently from the cache until it is under its limit, and say so."""
    gone = trim(root, limit_bytes())
    if gone:
        size = readable(sum(entry.size for entry in gone))
        click.echo(f"cache: {len(gone)} entries removed to keep it under {readable(limit_bytes())} ({size})", err=True)


def _as_json(planned: Planned, result: RunResult) -> str:
    """Return what was done, and the records of the cells that were asked for."""
    done = Store(planned.out).records()
    mine = [done[cell.cell_id].to_json() for cell in planned.chosen if cell.cell_id in done]
    counts = {name: getattr(result, name) for name in ("ran", "failed", "skipped", "resumed")}
    return json.dumps({**counts, "records": mine}, indent=1)


def _as_text(planned: Planned, result: RunResult, report: str) -> str:
    """Return the report for a terminal, what came of the cells, and where the other reports lie."""
    return f"{report}\n\n{closing(result)}; report: {planned.out / 'report.md'}"


def closing(result: RunResult) -> str:
    """Return what came of the cells that were asked for, each counted once."""
    total = result.ran + result.failed + result.skipped + result.resumed
    # those that failed before are there with a reason, and asked for again by name only
    left = f" ({result.left_without} without a number; --rerun failed)" if result.left_without else ""
    return (
        f"{counted(total, 'cell')}: {result.ran} ran and {'has its' if result.ran == 1 else 'have their'} number, "
        f"{result.failed} failed, {result.skipped} skipped, {result.resumed} there already{left}"
    )
