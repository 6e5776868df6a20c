"""The same numbers, digit for digit: inline and by process, twice, resumed, with a cell more, from any cache."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import tiny

from bench.contracts import Places
from bench.executors.process import ProcessExecutor
from bench.schema import Cell


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny suite's file."""
    return tiny.write_suite(tmp_path_factory.mktemp("suite"))


@pytest.fixture(scope="module")
def cells(suite: Path) -> list[Cell]:
    """The tiny suite's cells."""
    return tiny.cells_of(suite)


@pytest.fixture(scope="module")
def straight(cells: list[Cell], places: Places, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of all cells in this process, in one go: what the others are held against."""
    out = tmp_path_factory.mktemp("straight")
    assert tiny.run_cells(cells, out, places).ran == len(cells)
    return out


def test_cells_differ_so_that_equality_says_something(cells: list[Cell], straight: Path) -> None:
    """Six cells, and no two with the same losses."""
    records = tiny.records_of(straight)
    trained = [records[cell.cell_id].final_loss for cell in cells if cell.method.name != "linear_probe"]
    assert len(cells) == 6
    assert len(set(trained)) == len(trained) == 4


def test_process_gives_what_inline_gives(cells: list[Cell], straight: Path, places: Places, tmp_path: Path) -> None:
    """One process per cell, two side by side."""
    tiny.run_cells(cells, tmp_path, places, ProcessExecutor(1))
    tiny.assert_same_numbers(straight, tmp_path, cells)


def test_second_run_gives_what_the_first_gave(
    cells: list[Cell], straight: Path, places: Places, tmp_path: Path
) -> None:
    """Even in the other order, with whatever state the cells before have left in this process."""
    tiny.run_cells(cells[::-1], tmp_path, places)
    tiny.assert_same_numbers(straight, tmp_path, cells)


def test_cold_cache_gives_what_a_warm_one_gives(
    cells: list[Cell], straight: Path, cold_places: Places, tmp_path: Path
) -> None:
    """Data decoded anew, features extracted anew."""
    tiny.run_cells(cells, tmp_path / "out", cold_places)
    tiny.assert_same_numbers(straight, tmp_path / "out", cells)


def test_added_method_and_seed_change_no_other_cell(
    suite: Path, cells: list[Cell], straight: Path, cold_places: Places, tmp_path: Path
) -> None:
    """The old cells keep their ids and their numbers among new neighbours."""
    more = tiny.cells_of(suite, ["grid.method=[mlp_probe, finetune, scratch, linear_probe]", "grid.seed=[1, 0]"])
    assert {cell.cell_id for cell in cells} < {cell.cell_id for cell in more}
    wanted = [cell for cell in more if cell.seed == 0 or cell.method.name == "mlp_probe"]
    tiny.run_cells(wanted, tmp_path / "out", cold_places)
    tiny.assert_same_numbers(straight, tmp_path / "out", cells)


def test_side_by_side_gives_what_one_after_another_gives(
    cells: list[Cell], straight: Path, places: Places, tmp_path: Path
) -> None:
    """Only what says how the cells ran differs, and no throughput is published."""
    tiny.run_cells(cells, tmp_path, places, ProcessExecutor(2))
    alone, crowded = tiny.records_of(straight), tiny.records_of(tmp_path)
    for cell in cells:
        one, other = tiny.settled(alone[cell.cell_id]), tiny.settled(crowded[cell.cell_id])
        assert (one.pop("workers"), other.pop("workers")) == (1, 2)
        assert one == other
        assert crowded[cell.cell_id].throughput_images_per_s is None


def test_killed_run_that_is_resumed_equals_a_straight_one(
    suite: Path, cells: list[Cell], straight: Path, places: Places, tmp_path: Path
) -> None:
    """`kill -9` after the first record: nothing goes on running, and the second run does the rest."""
    out = tmp_path / "out"
    command = [sys.executable, "-m", "bench", "run", str(suite), "--out", str(out), "--limit", str(tiny.LIMIT)]
    with subprocess.Popen([*command, "--device", "cpu"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as run:
        records = out / "records.jsonl"
        wait_until(lambda: records.exists() and records.read_bytes().count(b"\n") >= 1, run)
        family = psutil.Process(run.pid).children(recursive=True)
        os.kill(run.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []
    done = len(tiny.records_of(out))
    assert 1 <= done < len(cells)
    result = tiny.run_cells(cells, out, places, ProcessExecutor(1))
    assert (result.ran, result.resumed) == (len(cells) - done, done)
    tiny.assert_same_numbers(straight, out, cells)


def wait_until(condition: object, run: "subprocess.Popen[bytes]", seconds: float = 120) -> None:
    """Wait for a condition while a process lives."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert run.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < end, "the run took too long"
        time.sleep(0.005)
