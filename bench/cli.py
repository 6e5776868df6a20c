"""The verbs: parse, call one function, print. Importing this does not import torch."""

import json
import os
import shlex
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from bench import __version__
from bench.cache_commands import cache_group
from bench.errors import BenchError, Exit, InvalidSuite

if TYPE_CHECKING:
    from bench.planning import Planned
    from bench.resume import Asked

Command = TypeVar("Command", bound=Callable[..., Any])
KINDS = (
    *("backbones", "datasets", "methods", "suites", "pretraining", "selections"),
    *("sources", "probes", "profiles", "scores", "executors", "reports"),
)
EXIT_CODES = """\b
Exit codes: 0 well; 1 a gate failed; 2 usage, or an invalid suite or data set; 3 some cells have no number;
4 nothing was compared; 5 not comparable; 130 interrupted."""


@click.group(epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="bench")
def cli() -> None:
    """Benchmark how well, how fast and at what cost pretrained vision backbones transfer."""


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
        help="Cells side by side, which share the cores; auto: where a trial shows that they do more in all.",
    ),
    click.option(
        "--limit", type=click.IntRange(20), metavar="N", help="At most N images of each split: for testing only."
    ),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout."),
)


cli.add_command(cache_group)


@cli.command()
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
    from bench.housekeeping import limit_bytes
    from bench.resume import Asked

    limit_bytes()  # a limit that is no size is told before anything runs
    planned = _plan(suite, **asked)
    if dry_run:
        _print_plan(planned, asked["as_json"])
        return
    if cell_id is not None:
        planned, rerun, executor = planned.only(cell_id), "all", "inline"
    _run(planned, executor, Asked(planned.places, rerun, alone), asked["as_json"])


@cli.command()
@_PLAN_OPTIONS
def plan(suite: str, **asked: Any) -> None:
    """List the cells of SUITE: which are done, and what the others lack."""
    _print_plan(_plan(suite, **asked), asked["as_json"])


@cli.command()
@click.argument("suite")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key of the suite.")
def validate(suite: str, overrides: Sequence[str]) -> None:
    """Report all mistakes in SUITE at once."""
    from bench.plan import Resolved, expand
    from bench.suite import read_suite, suite_path

    path = suite_path(suite)
    settled = Resolved(lambda device: device, 1, lambda backbone, image_size, device: ("fp32", "not measured"))
    cells = expand(read_suite(path, overrides), settled)
    click.echo(f"{path}: valid, {len(cells)} cells")


@cli.command("ls")
@click.argument("kind", type=click.Choice(KINDS), required=False, metavar="[KIND]")
@click.argument("pattern", default="*", metavar="[GLOB]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def list_names(kind: str | None, pattern: str, as_json: bool) -> None:
    """List what there is, one name a line: of all kinds (of backbones the usual ones), or of one.

    \b
    KIND is backbones, datasets, methods, suites, pretraining, selections,
    sources, probes, profiles, scores, executors or reports.
    """
    from bench.listing import everything, names_of

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


@cli.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--labels", required=True, type=click.IntRange(min=0), help="How many labels you have or can pay for.")
@click.option("--min-throughput", type=click.FloatRange(min=0), metavar="N", help="Images per second, at least.")
@click.option("--max-memory", metavar="SIZE", help="Peak memory, at most, as in 2GiB.")
@click.option("--max-latency", type=click.FloatRange(min=0), metavar="MS", help="Milliseconds for one image, at most.")
@click.option("--device", help="Measured on cpu, cuda or mps only.")
@click.option("--dataset", help="Where the run has several.")
def recommend(
    run_folder: Path,
    labels: int,
    min_throughput: float | None,
    max_memory: str | None,
    max_latency: float | None,
    device: str | None,
    dataset: str | None,
) -> None:
    """Say which backbone and method of RUN to take, with the evidence, or that nothing fits; both exit with 0.

    Labels between two budgets are read off the largest measured one not above them.
    """
    from bench.housekeeping import to_bytes
    from bench.recommend import Wanted
    from bench.reporting import answer

    memory = to_bytes("--max-memory", max_memory) / 2**20 if max_memory else None
    click.echo(answer(run_folder, Wanted(labels, min_throughput, memory, max_latency, device, dataset)))


@cli.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--format", "format_", type=click.Choice(["console", "md", "csv"]), default="console", show_default=True)
def report(run_folder: Path, format_: str) -> None:
    """Print the report of RUN (a run's folder or its records.jsonl) and write it to RUN/report.<format>."""
    from bench.reporting import read_summary, write_report

    if run_folder.name == "records.jsonl":
        run_folder = run_folder.parent
    text = write_report(read_summary(run_folder), run_folder, format_)
    click.echo(text)


@cli.command()
@click.option("--device", default="auto", show_default=True)
def env(device: str) -> None:
    """Print what is recorded of this machine, as JSON."""
    from bench import devices, environment

    devices.check_name(device)
    device = devices.resolve(device)
    devices.configure(device, devices.cores(), True)
    click.echo(json.dumps(environment.describe(device), indent=1))


def _trim_cache(root: Path) -> None:
    from bench.housekeeping import limit_bytes, readable, trim

    gone = trim(root, limit_bytes())
    if gone:
        size = readable(sum(entry.size for entry in gone))
        click.echo(f"cache: {len(gone)} entries removed to keep it under {readable(limit_bytes())} ({size})", err=True)


def _plan(suite: str, as_json: bool, **asked: Any) -> "Planned":
    from bench.planning import plan_suite

    return plan_suite(suite, **asked)


def _print_plan(planned: "Planned", as_json: bool) -> None:
    from bench.planning import plan_rows

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
    from bench.progress import counted, screen
    from bench.reporting import read_summary, write_reports
    from bench.run import run as run_cells
    from bench.store import Store

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


def _warn(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    click.echo(f"bench: warning: {message}", err=True)


def main() -> None:
    """Run the command; what a user can mend is one line and an exit code, never a traceback."""
    from bench.devices import prepare_environment

    prepare_environment()
    sys.path.insert(0, "")  # the user's own extensions, named as package.module:object
    warnings.showwarning = _warn
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("bench: interrupted", err=True)
        sys.exit(Exit.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(Exit.USAGE)
    except InvalidSuite as error:
        click.echo(str(error), err=True)  # file:line:column first, as editors read it
        sys.exit(error.exit_code)
    except BenchError as error:
        click.echo("\n".join(f"bench: error: {line}" for line in str(error).splitlines()), err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # `bench ls ... | head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.OK)
    except OSError as error:
        click.echo(
            f"bench: error: {error.filename or 'this machine'}: {error.strerror or error}; make room or mend it",
            err=True,
        )
        sys.exit(Exit.USAGE)


if __name__ == "__main__":
    main()
