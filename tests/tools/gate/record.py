"""Records restarts of a version against itself: `python -m tests.tools.gate.record --restarts 50 [--busy 2]`.

Each restart is a line of `tests/tools/gate/restarts.jsonl`, written as it comes: end it at any time, give it again.
Of the lines that lie there, those with `busy` 2 come of three recordings at once, two of them held to a core each, and
of one beside the two processes of the tests; thirty of those with 0 are restarts of whole duels.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from bench.gate.duel.asking import Wanted, checked_out, request
from bench.gate.duel.driver import MEMORY, TIME, Bout, Duelling
from bench.gate.duel.sequential import Look
from bench.machine.devices import prepare_environment
from bench.machine.environment import machine

RESTARTS = Path(__file__).with_name("restarts.jsonl")
ENDLESS = (Look(sys.maxsize, 0.0),)
DIGITS = 5
BUSY = """
import numpy
matrix = numpy.ones((700, 700))
while True:
    matrix = matrix @ matrix % 1.0
"""


@contextlib.contextmanager
def beside(count: int) -> Iterator[None]:
    """Keep so many processes busy, one thread each."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    started = [subprocess.Popen([sys.executable, "-c", BUSY], env=env) for _ in range(count)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def lines(duelling: Duelling, names: tuple[str, ...], restarts: int, busy: int) -> Iterator[dict[str, Any]]:
    """Yield what each restart gave."""
    bout = Bout.of({TIME: names, MEMORY: names}, ENDLESS)
    for _ in range(restarts):
        began, load = time.perf_counter(), os.getloadavg()[0]
        duelling.restart(bout)
        found = {quantity: bout.trials[quantity].ratios for quantity in (TIME, MEMORY)}
        yield {
            "busy": busy,
            "load": round(load, 2),
            "seconds": round(time.perf_counter() - began, 1),
            "machine": machine("cpu"),
            **{
                quantity: {name: round(ratios[name][-1], DIGITS) for name in names}
                for quantity, ratios in found.items()
            },
        }


@click.command()
@click.option("--restarts", type=click.IntRange(1), default=10, show_default=True)
@click.option("--busy", type=click.IntRange(0), default=0, show_default=True, help="Busy processes beside.")
@click.option("--out", type=click.Path(path_type=Path), default=RESTARTS, show_default=True)
def main(restarts: int, busy: int, out: Path) -> None:
    """Record restarts of HEAD against HEAD, and append them."""
    prepare_environment()
    wanted = Wanted("throughput", "HEAD", "HEAD")
    with (
        checked_out(wanted, click.echo) as sides,
        tempfile.TemporaryDirectory() as scratch,
        beside(busy),
        out.open("a") as stream,
    ):
        asked = request(wanted, sides)
        duelling = Duelling(asked, sides, Path(scratch), click.echo)
        for number, line in enumerate(lines(duelling, asked.workloads, restarts, busy), start=1):
            stream.write(json.dumps(line) + "\n")
            stream.flush()
            click.echo(f"restart {number} of {restarts}: {line['seconds']} s, {line[TIME]}")


if __name__ == "__main__":
    main()
