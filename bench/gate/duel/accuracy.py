"""What both versions learn: the same cells, run by each side's own `bench run`."""

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
    """Return the accuracies of both sides, each by its cell; they run at once. Raise `NotRun` where one can't."""
    running = []
    for side in sides:
        out = scratch / f"cells-{side.name}"
        command = [str(side.python), "-P", "-m", "bench", "run", str(suite), "--out", str(out), "--device", "cpu"]
        started = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=side.root,
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
    try:
        _, said = started.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise NotRun(side, f"not done in {TIMEOUT_S:.0f} s") from None
    lines = (said or "").strip().splitlines()
    if started.returncode != 0 or not (out / "records.jsonl").is_file():
        raise NotRun(side, lines[-1] if lines else f"exit code {started.returncode}")
    return by_cell([json.loads(line) for line in (out / "records.jsonl").read_text().splitlines()])


def by_cell(records: Sequence[Mapping[str, object]]) -> dict[str, float]:
    """Return accuracies by what a cell is in words, whatever its identity is hashed from in its version."""
    axes = ("dataset", "backbone", "weights", "method", "n_labels", "seed")
    return {
        " ".join(str(record.get(axis)) for axis in axes): float(str(record["accuracy"]))
        for record in records
        if record.get("status") == "ok"
    }
