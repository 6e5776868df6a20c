"""What both versions learn: each side runs the same cells with its own `bench run`."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.errors import BenchError
from bench.gate.duel.measured import Side
from bench.gate.duel.pair import environment

TIMEOUT_S = 900.0


class NotRun(BenchError):
    """One side can't run the cells."""

    def __init__(self, side: Side, said: str) -> None:
        super().__init__(f"the {side.name} can't run it ({said})")
        self.side = side


def accuracies(sides: Sequence[Side], suite: Path, scratch: Path) -> list[dict[str, float]]:
    """Return the accuracies of both sides, each by its cell; raise `NotRun` where a side can't run them."""
    running = []  # at once: nothing is timed here
    for side in sides:
        out = scratch / f"cells-{side.name}"
        command = [str(side.python), "-P", "-m", "bench", "run", str(suite), "--out", str(out), "--device", "cpu"]
        started = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path.cwd(),  # where the user's own modules are looked for last
            env=environment(side, scratch, 1),
        )
        running.append((side, out, started))
    try:
        return [_finish(side, out, started) for side, out, started in running]
    finally:
        for _, _, started in running:
            if started.poll() is None:
                started.terminate()
                started.wait()


def _finish(side: Side, out: Path, started: "subprocess.Popen[str]") -> dict[str, float]:
    """Wait for a side's run and return its accuracies."""
    try:
        _, said = started.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise NotRun(side, f"not done in {TIMEOUT_S:.0f} s") from None
    records = out / "records.jsonl"
    if started.returncode != 0 or not records.is_file():
        lines = (said or "").strip().splitlines()
        raise NotRun(side, lines[-1] if lines else f"exit code {started.returncode}")
    return by_cell([json.loads(line) for line in records.read_text().splitlines()])


def by_cell(records: Sequence[Mapping[str, object]]) -> dict[str, float]:
    """Return accuracies by what a cell is in words.

    Its id is no key: two versions may hash it from different fields.
    """
    axes = ("dataset", "backbone", "weights", "method", "n_labels", "seed")
    return {
        " ".join(str(record.get(axis)) for axis in axes): float(str(record["accuracy"]))
        for record in records
        if record.get("status") == "ok"
    }
