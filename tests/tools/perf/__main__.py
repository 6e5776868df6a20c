"""Measures the rows that are asked for and writes `perf.md` and `perf.json`."""

import argparse
import datetime
import importlib
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.machine import environment
from bench.machine.devices import prepare_environment
from tests.tools.perf import report
from tests.tools.perf.measured import Line, Outcome
from tests.tools.perf.setting import Setting, tell

ROWS: Mapping[str, str] = {
    "curve": "tests.tools.perf.curve:measure",
    "cold_cell": "tests.tools.perf.cold_cell:measure",
    "solver_logistic": "tests.tools.perf.solver:measure",
    "solver_ridge": "tests.tools.perf.solver:measure",
    "finetune_resnet18": "tests.tools.perf.finetune:measure",
    "finetune_resnet50": "tests.tools.perf.finetune:measure",
    "finetune_mobilenetv2": "tests.tools.perf.finetune:measure",
    "prefix": "tests.tools.perf.prefix:measure",
    "cells60": "tests.tools.perf.many_cells:measure",
    "timm_loop": "tests.tools.perf.finetune:measure_bare",
    "hot_loop": "tests.tools.perf.hot_loop:measure",
    "growth": "tests.tools.perf.growth:measure",
    "h200": "tests.tools.perf.h200:measure",
}
"""Each row and the function that measures it."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.perf", description=__doc__)
    parser.add_argument("--data-dir", type=Path, help="parent of cifar10/{train,test}/<class>/*.png")
    parser.add_argument("--weights-dir", type=Path, help="holds <backbone>.safetensors")
    parser.add_argument("--only", nargs="+", choices=ROWS, metavar="ROW", help=f"some of {', '.join(ROWS)}")
    parser.add_argument("--quick", action="store_true", help="a rehearsal of minutes, without verdicts")
    parser.add_argument("--full", action="store_true", help="measure all that is scaled up otherwise")
    parser.add_argument("--rounds", type=int, help="rounds of each row, in place of its own number")
    parser.add_argument("--out", type=Path, default=Path("results/perf"), help="[default: results/perf]")
    return parser.parse_args(arguments)


def attempt(setting: Setting, row: str) -> Outcome:
    """Measure a row; one that fails takes no other with it."""
    module, _, function = ROWS[row].partition(":")
    try:
        outcome: Outcome = getattr(importlib.import_module(module), function)(setting, row)
    except Exception as error:
        traceback.print_exc()
        reason = (str(error) or type(error).__name__).splitlines()[0]
        return Outcome([Line(row, "-", "-", None, missing=f"failed: {reason}")])
    return outcome


def main(arguments: Sequence[str]) -> int:
    """Measure and write after each row; return 3 where a row failed."""
    prepare_environment()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # takes the processes it started with it
    asked = parse(arguments)
    failed = False
    with tempfile.TemporaryDirectory(prefix="bench-perf-") as scratch:
        setting = Setting(
            asked.data_dir and asked.data_dir.resolve(),
            asked.weights_dir and asked.weights_dir.resolve(),
            asked.quick,
            asked.full,
            asked.rounds,
            Path(scratch),
        )
        machine = environment.describe("cpu")
        rows = report.earlier(asked.out, setting.mode, machine)
        for row in asked.only or ROWS:
            load, began = os.getloadavg()[0], time.monotonic()
            outcome = attempt(setting, row)
            failed = failed or any((line.missing or "").startswith("failed") for line in outcome.lines)
            rows[row] = report.entry(
                outcome,
                finished_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
                seconds=time.monotonic() - began,
                load_before=load,
                commit=environment.commit(),
            )
            tell(f"{row}: {report.summary(outcome, setting.quick)}")
            report.write(asked.out, {name: rows[name] for name in ROWS if name in rows}, setting.mode, machine)
    tell(f"written: {asked.out / 'perf.md'}")
    return 3 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
