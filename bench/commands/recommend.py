"""`bench recommend`: one answer for a label budget and a machine."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from bench.answers.recommend import Wanted
from bench.commands.options import FILTERS, RUNS
from bench.machine.housekeeping import to_bytes
from bench.reports.reporting import answer
from bench.running.progress import patient, screen


class Finite(click.FloatRange):
    """A number in a range that is one: click takes `nan` and `inf` for numbers, which nothing can be held against."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is no number to compare with; write one, or leave the option out", param, ctx)
        return number


@click.command()
@RUNS
@click.option("--labels", required=True, type=click.IntRange(min=0), help="How many labels you have or can pay for.")
@click.option("--min-throughput", type=Finite(min=0), metavar="N", help="Images per second, at least.")
@click.option("--max-memory", metavar="SIZE", help="Peak memory, at most, as in 2GiB.")
@click.option("--max-latency", type=Finite(min=0), metavar="MS", help="Milliseconds for one image, at most.")
@click.option("--device", help="Measured on cpu, cuda or mps only.")
@click.option("--dataset", help="Where there are several.")
@FILTERS
def recommend(
    runs: Sequence[Path],
    labels: int,
    min_throughput: float | None,
    max_memory: str | None,
    max_latency: float | None,
    device: str | None,
    dataset: str | None,
    filters: Sequence[str],
) -> None:
    """Say which backbone and method to take, with the evidence, or that nothing fits; both exit with 0.

    Labels between two budgets are read off the largest measured one not above them.
    """
    memory = to_bytes("--max-memory", max_memory) / 2**20 if max_memory else None
    wanted = Wanted(labels, min_throughput, memory, max_latency, device, dataset)
    with screen() as shown:
        told = answer(runs, wanted, filters, patient(shown.working))
    click.echo(told)
