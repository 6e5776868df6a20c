"""A side may be a run, its records, a baseline by name or file, or files of benchmarks; anything else is told."""

import json
import os
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.gate.baselines import save
from bench.gate.sides import latest_run, read_baseline, read_side
from bench.records.lines import read_records
from tests.material.measured import MACHINE, a_side, row


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run's folder."""
    folder = tmp_path / "run"
    folder.mkdir()
    records = [json.dumps(record.to_json()) + "\n" for record in row([0.9, 0.8])]
    (folder / "records.jsonl").write_text("".join(records))
    (folder / "manifest.json").write_text(json.dumps({"environments": {"machine": MACHINE}}))
    return folder


def test_run_its_records_and_its_baseline_are_one_side(run: Path, tmp_path: Path) -> None:
    """But for what they are called."""
    folder, records = read_side(str(run)), read_side(str(run / "records.jsonl"))
    assert folder.samples == records.samples
    assert folder.machine == "a processor, 2 cores"
    kept = tmp_path / "kept"
    path = save(folder, "main", False, kept)
    by_name, by_file = read_side("main", kept), read_side(str(path), kept)
    assert by_name == by_file == read_baseline("main", kept) == read_baseline(str(path), kept)
    assert by_name.samples == folder.samples


def test_records_without_their_manifest_know_no_machine(run: Path) -> None:
    """The figures are there all the same: no side file is asked for."""
    (run / "manifest.json").unlink()
    side = read_side(str(run / "records.jsonl"))
    assert (side.machine, side.samples[0].figures["accuracy"]) == ("not recorded", 0.9)


def test_cells_of_earlier_settings_are_left_out(run: Path) -> None:
    """A folder that was run into again keeps them; its last plan says which are meant."""
    records = read_records(run / "records.jsonl")
    (run / "manifest.json").write_text(json.dumps({"cells": [next(iter(records))]}))
    assert len(read_side(str(run)).samples) == len(read_side(str(run / "records.jsonl")).samples) == 1


def test_records_under_another_name_are_read_too(run: Path) -> None:
    """But the manifest beside them need not be theirs."""
    (run / "records.jsonl").rename(run / "kept.jsonl")
    side = read_side(str(run / "kept.jsonl"))
    assert (len(side.samples), side.machine) == (2, "not recorded")


def test_a_path_comes_before_a_name(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a folder that is no run does not hide the baseline of its name."""
    monkeypatch.chdir(tmp_path)
    save(a_side(row([0.5]), "run"), "run", False, tmp_path / "kept")
    assert read_side("run", tmp_path / "kept").samples[0].figures["accuracy"] == 0.9
    (tmp_path / "main").mkdir()
    save(a_side(row([0.5]), "main"), "main", False, tmp_path / "kept")
    assert read_side("main", tmp_path / "kept").samples[0].figures["accuracy"] == 0.5


def test_what_is_nothing_of_the_kind_is_told(tmp_path: Path) -> None:
    """With the baselines that there are."""
    with pytest.raises(BenchError, match=r"nowhere: neither a run's folder.*no baseline in .* yet"):
        read_side("nowhere", tmp_path)
    save(a_side(row([0.5]), "main"), "main", False, tmp_path)
    with pytest.raises(BenchError, match=r"baselines in .*: main"):
        read_side("nowhere", tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BenchError, match=r"empty: a folder without records\.jsonl"):
        read_side(str(tmp_path / "empty"), tmp_path)
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(BenchError, match="no JSON of pytest-benchmark"):
        read_side(str(tmp_path / "other.json"), tmp_path)
    with pytest.raises(BenchError, match="baseline gone: not there"):
        read_baseline("gone", tmp_path)


def test_latest_run_is_the_one_written_last(tmp_path: Path) -> None:
    """Not the one that was made last."""
    with pytest.raises(BenchError, match="no run there"):
        latest_run(tmp_path)
    for second, name in enumerate(("b", "c", "a")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "records.jsonl").write_text("")
        os.utime(tmp_path / name / "records.jsonl", (second, second))
    assert latest_run(tmp_path) == tmp_path / "a"


def test_a_run_with_a_line_that_is_no_record_is_refused(run: Path) -> None:
    """A verdict over the rest could pass what the lost cell would fail."""
    with (run / "records.jsonl").open("a") as stream:
        stream.write('{"schema_version": 2}\n')
    with pytest.raises(BenchError, match=r"records\.jsonl:3: a record without .*; remove the line"):
        read_side(str(run))


def test_a_figure_that_can_not_be_is_judged_by_nobody(run: Path) -> None:
    """Its cell has none then, and that is said."""
    path = run / "records.jsonl"
    path.write_text(path.read_text().replace('"accuracy": 0.9', '"accuracy": 200'))
    with pytest.warns(UserWarning, match="accuracy is not reliable in 1 cell and left out there: 200 is no share"):
        side = read_side(str(run))
    assert [(sample.status, sample.figures.get("accuracy")) for sample in side.samples] == [
        ("failed", None),
        ("ok", 0.8),
    ]


@pytest.mark.parametrize("name", ["records.jsonl", "manifest.json"])
def test_a_pipe_in_a_runs_folder_is_not_waited_for(run: Path, name: str) -> None:
    (run / name).unlink()
    os.mkfifo(run / name)
    with pytest.raises(BenchError, match=f"{name}: a named pipe, no regular file"):
        read_side(str(run))
    with pytest.raises(BenchError, match="neither a run's folder" if name == "manifest.json" else "neither"):
        read_side(str(run / name))


@pytest.mark.parametrize("contents", ["", "{}", "[]", "[" * 10_000, '{"machine_info": {}, "benchmarks": 3}', None])
def test_a_foreign_file_among_files_of_benchmarks_is_named_and_hides_no_other(
    tmp_path: Path, contents: str | None
) -> None:
    benchmark = {"fullname": "t.py::t", "stats": {"min": 1.0, "median": 2.0}}
    (tmp_path / "a.json").write_text(json.dumps({"machine_info": {}, "benchmarks": [benchmark]}))
    if contents is None:
        os.mkfifo(tmp_path / "b.json")
    else:
        (tmp_path / "b.json").write_text(contents)
    with pytest.warns(UserWarning, match=r"b\.json: .*; the file is left out"):
        assert len(read_side(str(tmp_path)).samples) == 1
