"""The harness's side: a suite written for one measurement, run by `bench run` in a process of its own."""

import contextlib
import functools
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.errors import BenchError
from bench.suites.suite import read_suite
from tests.tools.perf.processes import Failed, run_process
from tests.tools.perf.setting import Setting

Suite = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One `bench run`."""

    seconds: float
    """From the start of the process to its end."""
    records: Sequence[Mapping[str, Any]]
    peak_mib: float | None
    """Of the process that was started, not of those of the cells; null where nobody watched."""

    @property
    def record(self) -> Mapping[str, Any]:
        """The only record."""
        (only,) = self.records
        return only


def suite(
    setting: Setting,
    backbone: str,
    method: Sequence[Any],
    image_size: int,
    train: Mapping[str, Any] | None = None,
    precision: str = "fp32",
    dataset: str = "image_folder",
    **axes: Sequence[Any],
) -> Suite:
    """Return a suite of one backbone: pretrained where its weights are given, else random; `axes` are the grid's."""
    weights = "pretrained" if setting.weights_of(backbone) else "random"
    grid = {
        "backbone": [backbone],
        "weights": [weights],
        "method": list(method),
        "precision": [precision],
        "device": ["cpu"],
    }
    budget = {} if axes.keys() & {"fraction", "labels_per_class", "labels"} else {"fraction": [1.0]}
    grid |= budget | {axis: list(values) for axis, values in axes.items()}
    return {
        "name": "perf",
        "dataset": dataset,
        "image_size": image_size,
        "grid": grid,
        "train": dict(train or {}),
        # the usual way tries no rates either: both sides do the same work
        "tune": {"trials": 0},
        "timeout_s": 24 * 3600.0,
    }


def accepts(contents: Suite) -> bool:
    """Say whether the harness takes a suite."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            read_suite(_write(Path(folder), contents))
        except BenchError:
            return False
    return True


@functools.cache
def best_precision() -> str:
    """Return `auto` where the harness chooses the precision itself, else `fp32`."""
    grid = {"backbone": ["test_resnet"], "method": ["finetune"], "fraction": [1.0], "precision": ["auto"]}
    return "auto" if accepts({"name": "perf", "dataset": "digits", "image_size": 32, "grid": grid}) else "fp32"


def run_suite(
    setting: Setting,
    contents: Suite,
    images: Path | None = None,
    cache: Path | None = None,
    arguments: Sequence[str] = (),
    watch: bool = False,
) -> Run:
    """Run a suite; the cache is cold where none is given. Raise `Failed` where a cell has no number."""
    folder = setting.folder("run")
    command = [sys.executable, "-m", "bench", "run", str(_write(folder, contents)), "--out", str(folder / "out")]
    if images is not None:
        command += ["--data-dir", str(images)]
    if setting.weights_dir is not None:
        command += ["--weights-dir", str(setting.weights_dir)]
    done = run_process([*command, *arguments], {"XDG_CACHE_HOME": str(cache or folder / "cache")}, watch)
    records = [json.loads(line) for line in (folder / "out" / "records.jsonl").read_text().splitlines()]
    for record in records:
        if record["status"] != "ok":
            raise Failed(f"a cell of the harness is {record['status']}: {record['reason']}")
    return Run(done.seconds, records, done.peak_mib)


def forget_features(cache: Path) -> None:
    """Remove the frozen features from a cache and leave the decoded images."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(cache / "transferbench" / "features")


def _write(folder: Path, contents: Suite) -> Path:
    path = folder / "perf.yaml"
    path.write_text(yaml.safe_dump(contents, sort_keys=False))
    return path
