"""The verbs that read a run: report, recommend."""

from pathlib import Path

import click


@click.command()
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


@click.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--format", "format_", type=click.Choice(["console", "md", "csv", "html"]), default="console", show_default=True
)
def report(run_folder: Path, format_: str) -> None:
    """Print the report of RUN (a run's folder or its records.jsonl) and write it to RUN/report.<format>."""
    from bench.reporting import read_summary, write_report

    if run_folder.name == "records.jsonl":
        run_folder = run_folder.parent
    text = write_report(read_summary(run_folder), run_folder, format_)
    click.echo(text)
