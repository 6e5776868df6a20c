"""Versions of the harness for duels: copies of the package, one line of which is another; and their processes."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bench
from bench.catalog import WORKLOADS
from bench.gate.duel.measured import Block, Counts, Side
from bench.gate.duel.pair import Process, start

ROOT = Path(bench.__file__).parent.parent
PACKAGE = ROOT / "bench"
CONDITIONS = {"device": "cpu", "precision": "fp32", "batch_size": 32, "threads": 1}


def copy(folder: Path, *changes: tuple[str, str, str]) -> Path:
    """Copy the harness, with texts in its files replaced: file, what stands there once, what is to stand there."""
    shutil.copytree(PACKAGE, folder / "bench", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "suites", folder / "suites")
    for file, old, new in changes:
        path = folder / "bench" / file
        text = path.read_text()
        assert text.count(old) == 1, f"{file}: {old!r} stands there {text.count(old)} times"
        path.write_text(text.replace(old, new))
    return folder


def side(root: Path, python: Path, name: Any = "base") -> Side:
    """Return a side that runs in a folder."""
    return Side(name, str(root), root, python)


@contextmanager
def process(side_: Side, scratch: Path, *names: str) -> Iterator[Process]:
    """Start the process of a side with some workloads prepared."""
    running = start(side_, CONDITIONS, PACKAGE / "gate" / "workloads", scratch)
    try:
        running.ask("facts")
        for name in names:
            said = running.ask("prepare", name=name, target=WORKLOADS.entry(name).target)
            assert said == {}, said
        yield running
    finally:
        running.stop()


def counts(running: Process, name: str) -> Counts:
    """Count a workload."""
    return Counts(**running.ask("count", name=name))


def block(running: Process, name: str, units: int = 4) -> Block:
    """Run a block of a workload."""
    return Block(**running.ask("block", name=name, units=units))


def totals(**changes: float) -> Mapping[str, float]:
    """Return counters as a unit has them, some of them other ones."""
    from bench.gate.duel.verdict import RULES

    return {**dict.fromkeys(RULES, 1000.0), **changes}
