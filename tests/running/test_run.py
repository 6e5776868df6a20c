"""What a run writes, cell by cell, and what becomes of cells that give no number."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.cell.job import CellResult
from bench.contracts.data import Places
from bench.errors import Exit, InvalidData
from bench.outcomes import Outcome
from bench.records.store import Store
from bench.running.executors.inline import InlineExecutor
from bench.running.executors.process import ProcessExecutor
from bench.running.jobs import Job
from bench.running.provision import Lacking, provide
from bench.schema import Cell, canonical_json
from tests.material import tiny
from tests.material.digit_folders import digits_folder
from tests.material.examples import write_weights

ONE_PROBE = ("grid.method=linear_probe", "grid.labels_per_class=[6]")


def test_cells_whose_weights_cannot_be_had_are_skipped_and_the_rest_runs(
    suite: Path, places: Places, tmp_path: Path
) -> None:
    """Exit code 3, a reason with a remedy; once the weights are there, only what was skipped runs."""
    cells = tiny.cells_of(suite, [*ONE_PROBE, "grid.weights=[pretrained, random]"])
    missing, there = cells
    result = tiny.run_cells(cells, tmp_path / "out", places)
    records = tiny.records_of(tmp_path / "out")
    assert result.exit_code == Exit.CELLS_FAILED
    assert [record.cell_id for record in result.unfinished] == [missing.cell_id]
    assert (result.ran, result.failed, result.skipped, result.resumed, result.left_without) == (1, 0, 1, 0, 0)
    assert records[there.cell_id].status == "ok"
    assert records[missing.cell_id].status == "skipped"
    assert records[missing.cell_id].accuracy is None
    assert "--weights-dir" in (records[missing.cell_id].reason or "")
    with_weights = Places(None, write_weights(tmp_path, 1), places.cache_dir)
    again = tiny.run_cells(cells, tmp_path / "out", with_weights)
    assert (again.ran, again.resumed, again.exit_code) == (1, 1, Exit.OK)


@pytest.mark.slow
def test_killed_process_becomes_a_record_and_the_others_go_on(suite: Path, places: Places, tmp_path: Path) -> None:
    """A cell that dies takes nothing with it."""
    cells = tiny.cells_of(suite, ["grid.method=['tests.material.own_methods:Kills', linear_probe]", ONE_PROBE[1]])
    result = tiny.run_cells(cells, tmp_path / "out", places, ProcessExecutor(1))
    records = tiny.records_of(tmp_path / "out")
    killed, fine = (records[cell.cell_id] for cell in cells)
    assert result.exit_code == Exit.CELLS_FAILED
    assert killed.status == "failed"
    assert "SIGKILL" in (killed.reason or "")
    assert fine.status == "ok"


def test_diverging_cell_is_recorded_as_diverged(suite: Path, places: Places, tmp_path: Path) -> None:
    """With the step at which the loss stopped being finite, and no accuracy."""
    absurd = ["grid.method=[{name: scratch, learning_rate: 1e30}, linear_probe]", ONE_PROBE[1]]
    cells = tiny.cells_of(suite, absurd)
    tiny.run_cells(cells, tmp_path / "out", places)
    records = tiny.records_of(tmp_path / "out")
    diverged = next(records[cell.cell_id] for cell in cells if cell.method.name == "scratch")
    assert (diverged.status, diverged.accuracy) == ("diverged", None)
    assert "learning_rate" in (diverged.reason or "")
    assert sorted(record.status for record in records.values()) == ["diverged", "ok"]


class Fated:
    """An executor whose cells all end in one way; preparations run."""

    name = "fated"
    workers = 1

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome

    def run(self, jobs: Sequence[Job], progress: Callable[[int, str, int, int], None]) -> Iterator[tuple[int, Outcome]]:
        """Yield the fate of each cell."""
        if jobs[0].function != "bench.cell.cell:run_cell":
            yield from InlineExecutor().run(jobs, progress)
            return
        for position, _ in enumerate(jobs):
            yield position, self.outcome

    def close(self) -> None:
        """Nothing runs."""


@pytest.mark.parametrize(
    ("ended", "status"),
    [
        ("raised", "failed"),
        ("invalid", "failed"),
        ("killed", "failed"),
        ("unavailable", "skipped"),
        ("timeout", "timeout"),
        ("oom", "oom"),
        ("diverged", "diverged"),
    ],
)
def test_each_way_to_end_has_its_status(suite: Path, places: Places, tmp_path: Path, ended: str, status: str) -> None:
    """The record says what the cell was and why it has no number."""
    cells = tiny.cells_of(suite, ONE_PROBE)
    result = tiny.run_cells(cells, tmp_path / "out", places, Fated(Outcome(ended=ended, reason="because")))
    (record,) = tiny.records_of(tmp_path / "out").values()
    assert (record.status, record.reason, record.accuracy) == (status, "because", None)
    assert (result.ran, result.failed, result.skipped) == (0, int(status != "skipped"), int(status == "skipped"))
    again = tiny.run_cells(cells, tmp_path / "out", places, Fated(Outcome(ended=ended, reason="because")))
    assert (again.resumed, again.left_without, again.skipped) == ((0, 0, 1) if status == "skipped" else (1, 1, 0))
    assert (record.method, record.labels_per_class, record.executor) == ("linear_probe", 6, "fated")
    assert result.exit_code == Exit.CELLS_FAILED


def test_what_makes_no_record_is_a_failed_cell(suite: Path, places: Places, tmp_path: Path) -> None:
    """A line that reports would leave out must not look done."""
    arrays = {"labels": np.array([0, 1]), "predictions": np.array([0, 0])}
    result = CellResult({"accuracy": 0.5, "selection": 7, "trials": [{"share": 3.0}]}, arrays)
    found = tiny.run_cells(tiny.cells_of(suite, ONE_PROBE), tmp_path / "out", places, Fated(Outcome(result)))
    (record,) = tiny.records_of(tmp_path / "out").values()
    assert (found.failed, record.status, record.accuracy) == (1, "failed", None)
    assert "makes no record" in (record.reason or "")


def test_broken_image_stops_the_run_before_any_cell(suite: Path, places: Places, tmp_path: Path) -> None:
    """The file is named, and no record is written."""
    folder = digits_folder(tmp_path / "images")
    (folder / "train" / "7" / "0.png").write_bytes(b"no image")
    cells = tiny.cells_of(suite, ["dataset=image_folder", *ONE_PROBE], limit=None)
    with pytest.raises(InvalidData, match=r"train/7/0\.png"):
        tiny.run_cells(cells, tmp_path / "out", Places(folder, None, places.cache_dir))
    assert tiny.records_of(tmp_path / "out") == {}


def test_what_is_said_of_the_data_stands_in_the_records(suite: Path, places: Places, tmp_path: Path) -> None:
    """How a test split was made, what was left out."""
    tiny.run_cells(tiny.cells_of(suite, ONE_PROBE), tmp_path / "out", places)
    (record,) = tiny.records_of(tmp_path / "out").values()
    assert record.dataset_notes == ["no test split: 359 of 1797 images held out, stratified"]


def test_records_are_strict_json_with_every_key(suite: Path, places: Places, tmp_path: Path) -> None:
    """No NaN, and the same keys whether a cell has its number or not."""
    import json

    cells = tiny.cells_of(suite, [*ONE_PROBE, "grid.weights=[pretrained, random]"])
    tiny.run_cells(cells, tmp_path / "out", places)
    lines = (tmp_path / "out" / "records.jsonl").read_text().splitlines()
    parsed = [json.loads(line) for line in lines]
    assert len(parsed) == 2
    assert parsed[0].keys() == parsed[1].keys()
    for record in parsed:
        canonical_json(record)


def test_manifest_describes_every_environment_that_records_point_to(
    suite: Path, places: Places, tmp_path: Path
) -> None:
    """Versions and machine are found through the record's key."""
    cells = tiny.cells_of(suite, ONE_PROBE)
    tiny.run_cells(cells, tmp_path / "out", places)
    (record,) = tiny.records_of(tmp_path / "out").values()
    environments: dict[str, Any] = Store(tmp_path / "out").manifest()["environments"]
    assert environments[str(record.env)]["packages"]["torch"]


def test_each_record_is_on_disk_before_the_next_cell_starts(suite: Path, places: Places, tmp_path: Path) -> None:
    """A run that is killed loses one cell at most."""
    seen: list[int] = []

    class Watches(tiny.Quiet):
        def done(self, cell: Cell, record: Any) -> None:
            seen.append((tmp_path / "out" / "records.jsonl").read_text().count("\n"))

    cells = tiny.cells_of(suite, ["grid.method=linear_probe"])
    tiny.run_cells(cells, tmp_path / "out", places, screen=Watches())
    assert seen == [1, 2]


def test_a_network_broken_by_its_last_update_is_diverged(suite: Path, places: Places, tmp_path: Path) -> None:
    """Its losses were finite, its predictions are not."""
    absurd = ["grid.method=[{name: scratch, learning_rate: 1e30, steps: 1, warmup: 0.0}]", "grid.labels_per_class=[2]"]
    cells = tiny.cells_of(suite, absurd)
    tiny.run_cells(cells, tmp_path / "out", places)
    record = tiny.records_of(tmp_path / "out")[cells[0].cell_id]
    assert (record.status, record.accuracy) == ("diverged", None)


def test_a_device_that_is_not_there_skips_its_cells(suite: Path, places: Places, tmp_path: Path) -> None:
    """They are tried again where there is one."""
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    cells = [dataclasses.replace(cell, device="cuda") for cell in tiny.cells_of(suite, ONE_PROBE)]
    assert tiny.run_cells(cells, tmp_path / "out", places).exit_code == Exit.CELLS_FAILED
    assert tiny.records_of(tmp_path / "out")[cells[0].cell_id].status == "skipped"


def test_training_step_is_timed_only_where_one_is_to_come(suite: Path, places: Places) -> None:
    """Probes on features of large networks would wait for it; cells of the same weights share what was timed."""

    def step_s(methods: str) -> list[float]:
        cells = tiny.cells_of(suite, [f"grid.method={methods}", "grid.labels_per_class=[6]"])
        ready = provide(cells, places, InlineExecutor(), tiny.Quiet())
        found = [ready.of(cell) for cell in cells]
        return [each.weights.step_s for each in found if not isinstance(each, Lacking)]

    assert step_s("[linear_probe, mlp_probe]") == [0.0, 0.0]
    together = step_s("[linear_probe, scratch]")
    assert min(together) == max(together) > 0
