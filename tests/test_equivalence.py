"""The same numbers, digit for digit: inline and by process, twice, resumed, with a cell more, from any cache."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.contracts.data import Places
from bench.machine import cache
from bench.machine.devices import cores
from bench.records.store import Store
from bench.running.executors.inline import InlineExecutor
from bench.running.executors.process import ProcessExecutor
from bench.running.resume import Asked
from bench.running.run import run
from bench.schema import Cell
from tests.material import tiny

SHARING = (
    "[linear_probe, {name: linear_probe, views: 1}, ridge_probe, mlp_probe, "
    "{name: partial_finetune, prefix: cached}, finetune]"
)
"""All that share something, and one that does not."""


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


@pytest.mark.slow
def test_process_gives_what_inline_gives(cells: list[Cell], straight: Path, places: Places, tmp_path: Path) -> None:
    """One process per cell, profiled there and not here: a profile changes no number."""
    some = [cell for cell in cells if cell.budget.value == 6]
    tiny.run_cells(some, tmp_path, places, ProcessExecutor(1))
    tiny.assert_same_numbers(straight, tmp_path, some)
    assert all(record.latency_ms for record in tiny.records_of(tmp_path).values())
    assert not any(record.latency_ms for record in tiny.records_of(straight).values())


def test_second_run_gives_what_the_first_gave(
    cells: list[Cell], straight: Path, places: Places, tmp_path: Path
) -> None:
    """Even in the other order, with whatever state the cells before have left in this process."""
    tiny.run_cells(cells[::-1], tmp_path, places)
    tiny.assert_same_numbers(straight, tmp_path, cells)


@pytest.mark.slow
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
    """Only what says how the cells ran differs; no throughput is published, nothing is profiled."""
    tiny.run_cells(cells, tmp_path, places, ProcessExecutor(2))
    alone, crowded = tiny.records_of(straight), tiny.records_of(tmp_path)
    for cell in cells:
        one, other = tiny.settled(alone[cell.cell_id]), tiny.settled(crowded[cell.cell_id])
        assert (one.pop("workers"), other.pop("workers")) == (1, 2)
        assert one == other
    assert {record.throughput_images_per_s for record in crowded.values()} == {None}
    assert {record.profile_reason for record in crowded.values()} == {"cells ran side by side"}
    assert {record.pinned_to for record in alone.values()} == {None}
    held = {str(record.pinned_to) for record in crowded.values()}
    assert len(held) == (2 if sys.platform == "linux" and cores() > 1 else 1)


@pytest.mark.slow
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
    result = tiny.run_cells(cells, out, places)
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


@pytest.fixture(scope="module")
def sharing(tmp_path_factory: pytest.TempPathFactory) -> list[Cell]:
    """A cell of each method."""
    suite = tiny.write_suite(tmp_path_factory.mktemp("suite"))
    return tiny.cells_of(suite, [f"grid.method={SHARING}", "grid.labels_per_class=[6]"])


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """The cache that the first run fills."""
    return Places(None, None, tmp_path_factory.mktemp("kept"))


@pytest.fixture(scope="module")
def cold(sharing: list[Cell], kept: Places, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that found nothing in the cache."""
    out = tmp_path_factory.mktemp("cold")
    tiny.run_cells(sharing, out, kept)
    return out


def folders(places: Places) -> dict[str, Any]:
    """Return the cached folders, and their files with the times at which they were made."""
    found = (path for kind in ("decoded", "features") for path in (places.cache_dir / kind).glob("[!.]*"))
    return {f"{path.parent.name}/{path.name}": cache.manifest(path)["files"] for path in found}


@pytest.mark.slow
def test_what_cells_share_is_computed_once(sharing: list[Cell], cold: Path, kept: Places) -> None:
    """Data, features of both splits, those of a view, and of both splits what the frozen part gives."""
    assert {name.partition("/")[0] for name in folders(kept)} == {"decoded", "features"}
    assert len(folders(kept)) == 1 + 2 + 1 + 2
    parts = [tiny.records_of(cold)[cell.cell_id].frozen_part for cell in sharing]
    assert len(set(parts)) == 3
    assert parts.count("features") == 4


@pytest.mark.slow
def test_warm_cache_gives_what_a_cold_one_gives(sharing: list[Cell], cold: Path, kept: Places, tmp_path: Path) -> None:
    """And makes nothing again."""
    before = folders(kept)
    tiny.run_cells(sharing[::-1], tmp_path, kept)
    tiny.assert_same_numbers(cold, tmp_path, sharing)
    assert folders(kept) == before


@pytest.mark.slow
def test_cache_restored_from_a_copy_gives_what_a_cold_one_gives(
    sharing: list[Cell], cold: Path, kept: Places, tmp_path: Path
) -> None:
    """A copy has times of its own: contents decide, and nothing is made again."""
    copy = Places(None, None, tmp_path / "copy")
    shutil.copytree(kept.cache_dir, copy.cache_dir, copy_function=shutil.copyfile)
    before = folders(copy)
    tiny.run_cells(sharing, tmp_path / "out", copy)
    tiny.assert_same_numbers(cold, tmp_path / "out", sharing)
    assert folders(copy) == before


@pytest.mark.slow
def test_cells_that_share_nothing_give_what_those_that_share_give(
    sharing: list[Cell], cold: Path, tmp_path: Path
) -> None:
    """`--no-cache`: each extracts for itself, and keeps nothing of it."""
    mine = Places(None, None, tmp_path / "cache")
    run(sharing, Store(tmp_path / "out"), Asked(mine, alone=True), InlineExecutor(), tiny.Quiet(), {})
    tiny.assert_same_numbers(cold, tmp_path / "out", sharing)
    assert {name.partition("/")[0] for name in folders(mine)} == {"decoded"}


def _cut(contents: bytes) -> bytes:
    return contents[: len(contents) // 2]


def _tamper(contents: bytes) -> bytes:
    return contents[:-400] + bytes(byte ^ 64 for byte in contents[-400:])


@pytest.mark.slow
@pytest.mark.parametrize("damage", [_cut, _tamper], ids=["truncated", "tampered with"])
@pytest.mark.parametrize("name", ["decoded/*/train.npy", "decoded/*/test.npy", "features/*/outputs.npy"])
def test_damaged_file_is_noticed_and_made_again(
    sharing: list[Cell], cold: Path, kept: Places, tmp_path: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    """Also where its time is set back; with the same contents, and the same numbers."""
    some = sharing if name.startswith("features") else [sharing[0], sharing[-1]]
    copy = Places(None, None, tmp_path / "copy")
    shutil.copytree(kept.cache_dir, copy.cache_dir)
    files = sorted(copy.cache_dir.glob(name))
    contents = [path.read_bytes() for path in files]
    for path in files:
        stat = path.stat()
        path.write_bytes(damage(path.read_bytes()))
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert not cache.is_whole(path.parent)
    tiny.run_cells(some, tmp_path / "out", copy)
    tiny.assert_same_numbers(cold, tmp_path / "out", some)
    assert [path.read_bytes() for path in files] == contents
