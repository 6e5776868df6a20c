"""A run, a report and a cache that came from others, in which anything lies in the place of a file or a folder.

Whatever is done with them, nothing beside them is changed, nobody waits, and what can't be done is told in one line.
"""

import contextlib
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.answers.reading import read_summary
from bench.errors import BenchError
from bench.gate import baselines
from bench.gate.sides import read_side
from bench.machine import cache, housekeeping
from bench.machine.shared_arrays import Work, fill
from bench.records.store import Store
from bench.reports.figures.drawing import drawn
from bench.reports.reporting import write_report
from tests.material.command_line import PROBE, QUICK, Command
from tests.material.examples import a_record
from tests.material.foreign import OFTEN, Foreign, in_time

REPORT = ("report.csv", "a.svg")
RUN = (".lock", "records.jsonl", "right.bin", "manifest.json", "cells", "cells/one.npz", "profiles", *REPORT)
CELL = "one"


@contextlib.contextmanager
def well_or_one_line(foreign: Foreign) -> Iterator[None]:
    """Let a block do what it does, or refuse it in one line; nothing beside the folder is changed, nothing is left."""
    said, before = f"{foreign.given}", unfinished(foreign.given)
    with warnings.catch_warnings(), foreign.unharmed(), in_time():
        warnings.simplefilter("ignore")
        try:
            yield
        except BenchError as refused:
            said = str(refused)
    assert len(said.splitlines()) == 1
    assert str(foreign.given) in said or "--force to replace it" in said
    assert unfinished(foreign.given) <= before


def unfinished(folder: Path) -> set[Path]:
    """Return what a failed writer leaves."""
    return {path for path in folder.rglob("*.part") if path.is_file()}


@pytest.fixture(scope="module")
def a_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with a cell, a report and a picture."""
    folder = tmp_path_factory.mktemp("run") / "run"
    resume(folder)
    (folder / "profiles").mkdir()
    report(folder)
    return folder


def resume(folder: Path) -> None:
    """Do to a run's folder what a run does."""
    labels = np.arange(20) % 3
    store = Store(folder)
    with store.writing() as writer:
        store.records()
        store.update_manifest({"suite": "run", "cells": [CELL]}, {"here": {"cores": 2}})
        kept = {
            "side_file": writer.write_side_file(CELL, {"labels": labels, "predictions": labels}),
            "right_offset": writer.append_right(CELL, labels == labels),
        }
        writer.append(a_record(cell_id=CELL, **kept))
    store.records()


def report(folder: Path) -> None:
    """Write a report and a picture."""
    write_report(read_summary(folder), folder, "csv")
    with drawn(folder / "a.svg", 2, 2):
        pass


@pytest.mark.parametrize("obstacle", OFTEN)
@pytest.mark.parametrize("name", RUN)
def test_a_run_goes_on_or_is_refused(tmp_path: Path, a_run: Path, name: str, obstacle: str) -> None:
    foreign = Foreign(tmp_path, a_run)
    foreign.put(obstacle, foreign.given / name)
    with well_or_one_line(foreign):
        (report if name in REPORT else resume)(foreign.given)


def test_a_run_that_is_a_link_itself_goes_on(tmp_path: Path, a_run: Path) -> None:
    """And one below a link."""
    shutil.copytree(a_run, tmp_path / "real" / "run")
    (tmp_path / "above").symlink_to("real")
    (tmp_path / "link").symlink_to("above/run")
    for folder in (tmp_path / "link", tmp_path / "above" / "run"):
        resume(folder)
        report(folder)
    assert len((tmp_path / "real" / "run" / "records.jsonl").read_bytes().splitlines()) == 3


def test_a_copy_by_hard_links_is_a_copy(tmp_path: Path, a_run: Path) -> None:
    """What a run adds to one is not added to the other."""
    shutil.copytree(a_run, tmp_path / "run")
    shutil.copytree(tmp_path / "run", tmp_path / "kept", copy_function=lambda one, other: Path(other).hardlink_to(one))
    before = {path: path.read_bytes() for path in (tmp_path / "kept").rglob("*") if path.is_file()}
    resume(tmp_path / "run")
    report(tmp_path / "run")
    assert {path: path.read_bytes() for path in (tmp_path / "kept").rglob("*") if path.is_file()} == before
    assert len((tmp_path / "run" / "records.jsonl").read_bytes().splitlines()) == 2


@pytest.mark.parametrize(
    "side_file", ["../elsewhere/one.npz", "cells/../../elsewhere/one.npz", "{}/one.npz", "link/one.npz"]
)
def test_a_side_file_that_lies_elsewhere_is_not_read(tmp_path: Path, a_run: Path, side_file: str) -> None:
    shutil.copytree(a_run, tmp_path / "run")
    shutil.copytree(a_run / "cells", tmp_path / "elsewhere")
    (tmp_path / "run" / "link").symlink_to(tmp_path / "elsewhere")
    record = a_record(cell_id=CELL, side_file=side_file.format(tmp_path / "elsewhere"))
    with pytest.warns(UserWarning, match="outside the run's folder"):
        assert Store(tmp_path / "run").side_arrays(record) == {}


def _features(folder: Path) -> dict[str, Any]:
    rows = np.ones((4, 3), np.float32)
    fill(folder, Work(4, 2, lambda: lambda first, end: rows[first:end], 1, "here", lambda _: None))
    return {}


def use_cache(root: Path) -> None:
    """Want an entry, as cells do."""
    cache.folder(root, "features", "key", "label", _features)


def list_and_remove(root: Path) -> None:
    """Do what `bench cache` does, and the end of each run."""
    for entry in housekeeping.entries(root):
        housekeeping.remove(root, entry)
    housekeeping.trim(root, 0)


ENTRY = cache.folder_path(Path(), "features", "key").name
CACHE = (
    *(
        "features",
        f"features/{ENTRY}",
        f"features/.{ENTRY}.part",
        f"features/.{ENTRY}.lock",
        f"features/.{ENTRY}.checked",
    ),
    *(f"features/{ENTRY}/{name}" for name in ("manifest.json", "outputs.npy", ".progress.jsonl")),
    *(
        f"features/.{ENTRY}.part/{name}"
        for name in ("manifest.json", "outputs.npy", ".progress.jsonl", "stray", ".stray")
    ),
)


@pytest.fixture(scope="module")
def a_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of one entry."""
    root = tmp_path_factory.mktemp("cache") / "cache"
    use_cache(root)
    return root


@pytest.mark.parametrize("work", [use_cache, list_and_remove])
@pytest.mark.parametrize("obstacle", OFTEN)
@pytest.mark.parametrize("name", CACHE)
def test_a_cache_serves_or_is_refused(
    tmp_path: Path, a_cache: Path, name: str, obstacle: str, work: Callable[[Path], None]
) -> None:
    foreign = Foreign(tmp_path, a_cache)
    if ".part/" in name:  # an entry that is still to be made
        (foreign.given / "features" / ENTRY).rename(foreign.given / "features" / f".{ENTRY}.part")
    foreign.put(obstacle, foreign.given / name)
    with well_or_one_line(foreign):
        work(foreign.given)


@pytest.mark.parametrize("obstacle", OFTEN)
@pytest.mark.parametrize("force", [False, True])
def test_a_baseline_is_saved_or_refused(tmp_path: Path, a_run: Path, obstacle: str, force: bool) -> None:
    foreign = Foreign(tmp_path)
    foreign.put(obstacle, foreign.given / "name.jsonl")
    side = read_side(str(a_run))
    with well_or_one_line(foreign):
        baselines.save(side, "name", force, foreign.given)
    with well_or_one_line(foreign):
        baselines.listed(foreign.given)


COMMANDS = {
    "resume": ("run", "tiny.yaml", *PROBE, *QUICK, "--rerun", "all", "--out", "given"),
    "report": ("report", "given", "--format", "md"),
    "compare": ("compare", "given", "given"),
}


@pytest.mark.slow
@pytest.mark.parametrize("obstacle", ["link to a file", "link to a folder", "pipe"])
def test_commands_end_well_or_in_a_line(bench: Command, suite: Path, tmp_path: Path, obstacle: str) -> None:
    """For each file and each folder of a real run."""
    run = tmp_path / "results" / "tiny"
    assert bench("run", suite, *PROBE, *QUICK).code == 0
    report_of = bench("report", run, "--format", "md")
    assert report_of.code == 0
    names = sorted(str(path.relative_to(run)) for path in run.rglob("*"))
    assert len(names) > 8
    for name in names:
        for command, words in COMMANDS.items():
            foreign = Foreign(tmp_path / "trials" / name.replace("/", " ") / command, run)
            foreign.put(obstacle, foreign.given / name)
            asked = [
                str(foreign.given) if word == "given" else str(suite) if word == "tiny.yaml" else word for word in words
            ]
            with foreign.unharmed(), in_time():
                said = bench(*asked)
            assert "Traceback" not in said.err
            assert said.code in (0, 2, 3, 4, 5), (command, name, said.err)
            assert said.code != 2 or "bench: error: " in said.err
            shutil.rmtree(foreign.given.parent)
