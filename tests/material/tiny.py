"""A suite of seconds on real digits, and what runs it or parts of it in this process."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.cell.job import CellJob
from bench.cell.networks import build, frozen_features, tensor_hashes
from bench.cell.tasks import choose, make_task
from bench.contracts.data import Places
from bench.contracts.networks import Backbone
from bench.contracts.training import Task
from bench.records.record import Record
from bench.records.store import Store
from bench.running.executors.inline import InlineExecutor
from bench.running.jobs import Executor
from bench.running.provision import Lacking, provide
from bench.running.resume import Asked
from bench.running.run import RunResult, cell_job, run
from bench.schema import Cell, Precision, content_hash
from bench.suites.plan import Resolved, expand
from bench.suites.suite import read_suite

LIMIT = 200
"""Images of each split."""

SUITE = """\
name: tiny
dataset: digits
image_size: 32
grid:
  backbone: [test_resnet]
  weights: [random]
  method: [scratch, linear_probe, finetune]
  labels_per_class: [2, 6]
train: {steps: 4, batch_size: 16, checkpoints: 2}
threads: 1
"""

TIMED = {
    "throughput_images_per_s",
    "step_ms",
    "cpu_s_per_1000_images",
    "warmup_s",
    "cpu_s",
    "cpu_s_by_phase",
    "baseline_rss_mib",
    "finished_at",
    "right_offset",
    "executor",
    "env",
    "rss_method",
    *(
        f"{part}_s"
        for part in ("data", "build", "select", "features", "features_cold", "tune", "train", "eval", "oracle", "total")
    ),
    *("peak_rss_mib", "peak_rss_mib_by_phase"),
    *("accuracy_per_s", "compile_s", "pinned_to", "gpu_state", "profiled_in", "profile_reason"),
    *("anatomy_ms", "synthetic_ratio", "bound_by", "memory_mib_by_kind", "peak_gflop_per_s", "mfu", "latency_ms"),
    *("forward_gflop", "step_gflop", "flop_reason", "mfu_reason", "bound_by_reason"),
    *("forgetting_s", "corruptions_s"),
}
"""Keys of a record that tell of time, memory, place and profiles: they may differ where all else is equal."""


class Quiet:
    """A screen that remembers what it was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.ended: list[Record] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    def working(self, what: str, done: int, total: int) -> None:
        pass

    def expect(self, cells: Sequence[Cell], seconds: Mapping[str, float], shared_s: float) -> None:
        pass

    def cell(self, cell: Cell, what: str, done: int, total: int) -> None:
        pass

    def done(self, cell: Cell, record: Record) -> None:
        self.ended.append(record)


def write_suite(folder: Path, text: str = SUITE) -> Path:
    """Write a suite file and return its path."""
    path = folder / "tiny.yaml"
    path.write_text(text)
    return path


def cells_of(suite: Path, overrides: Iterable[str] = (), limit: int | None = LIMIT) -> list[Cell]:
    """Return the cells of a suite on the CPU, one thread each."""
    return expand(read_suite(suite, overrides), Resolved(lambda _: "cpu", 1, full_precision, limit))


def full_precision(backbone: str, image_size: int, device: str) -> tuple[Precision, str]:
    """What `precision: auto` stands for in tests: no trial is made."""
    return "fp32", "no trial in tests"


def one_cell(folder: Path, *overrides: str) -> Cell:
    """Return the one cell of the tiny suite that is left once overrides have narrowed it."""
    narrow = ("grid.method=linear_probe", "grid.labels_per_class=6")
    (cell,) = cells_of(write_suite(folder), (*narrow, *overrides))
    return cell


def run_cells(
    cells: Sequence[Cell],
    out: Path,
    places: Places,
    executor: Executor | None = None,
    rerun: Any = None,
    screen: Quiet | None = None,
) -> RunResult:
    """Run cells into a folder, in this process where no executor is given."""
    return run(cells, Store(out), Asked(places, rerun), executor or InlineExecutor(), screen or Quiet(), {})


def records_of(out: Path) -> dict[str, Record]:
    """Return the records of a run's folder by the id of their cell."""
    return Store(out).records()


def settled(record: Record) -> dict[str, Any]:
    """Return what must be equal, digit for digit, wherever and whenever a cell runs."""
    return {key: value for key, value in record.to_json().items() if key not in TIMED}


def side_arrays(out: Path, record: Record) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays beside a record that must be equal too; step times are left out."""
    assert record.side_file is not None
    with np.load(out / record.side_file) as file:
        return {name: file[name] for name in file.files if name not in ("step_s", "step_cpu_s")}


def assert_same_numbers(first: Path, second: Path, cells: Sequence[Cell]) -> None:
    """Assert that two runs hold the same numbers, bits and all, for each of some cells."""
    left, right = records_of(first), records_of(second)
    for cell in cells:
        one, other = left[cell.cell_id], right[cell.cell_id]
        assert one.status == other.status == "ok"
        assert settled(one) == settled(other), cell.label
        here, there = side_arrays(first, one), side_arrays(second, other)
        assert here.keys() == there.keys()
        for name, values in here.items():
            assert values.tobytes() == there[name].tobytes(), f"{cell.label}: {name}"


def job_of(cell: Cell, places: Places) -> CellJob:
    """Return a cell with its weights and data made ready."""
    found = provide([cell], places, InlineExecutor(), Quiet()).of(cell)
    assert not isinstance(found, Lacking), found
    return cell_job(cell, found, places, 1, None)


def task_of(cell: Cell, places: Places) -> tuple[Task, Backbone]:
    """Return what a cell's method sees, and the backbone in it."""
    job = job_of(cell, places)
    train = job.data.split("train")
    backbone = build(cell, job.weights)
    features = frozen_features(job, backbone, content_hash(tensor_hashes(backbone)), ignore)
    split = choose(job, 10, train, features)
    return make_task(job, backbone, 10, train, split, features, ignore), backbone


def ignore(what: str, done: int, total: int) -> None:
    """A progress that nobody sees."""
