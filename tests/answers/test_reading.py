"""From folders to summaries: predictions are found wherever a run keeps them."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.answers.against import against_best, against_frozen
from bench.answers.notes import notes
from bench.answers.reading import read, read_summary, right_of
from bench.errors import BenchError, NotComparable
from bench.records.record import Record
from bench.records.store import Store
from tests.material.examples import a_record
from tests.tools import many_records

IMAGES = 400


def saved(folder: Path, *records: Record, **manifest: Any) -> Path:
    """Write a run's folder."""
    store = Store(folder)
    with store.writing() as writer:
        for record in records:
            writer.append(record)
    store.update_manifest({"suite": folder.name, **manifest})
    return folder


def answered(folder: Path, share: float, packed: bool, **changes: Any) -> Record:
    """A record whose model gets a share of the images right, kept as bits or in a side file alone."""
    labels = np.zeros(IMAGES, np.int32)
    predictions = (np.random.default_rng(changes.get("seed", 0)).random(IMAGES) > share).astype(np.int32)
    record = a_record(accuracy=share, **changes)
    with Store(folder).writing() as writer:
        name = writer.write_side_file(record.cell_id, {"labels": labels, "predictions": predictions})
        offset = writer.append_right(record.cell_id, labels == predictions) if packed else None
    return dataclasses.replace(record, side_file=name, right_offset=offset)


def two_methods(folder: Path, packed: bool) -> Path:
    """Write a run of the linear probe and fine-tuning, three seeds each."""
    records = [
        answered(folder, share, packed, cell_id=f"{method}{seed}", method=method, seed=seed)
        for method, share in (("linear_probe", 0.6), ("finetune", 0.8))
        for seed in range(3)
    ]
    return saved(folder, *records)


@pytest.mark.parametrize("packed", [True, False])
def test_rows_are_compared_by_the_bits_or_by_side_files(tmp_path: Path, packed: bool) -> None:
    """An earlier version's runs have side files alone."""
    (verdict,) = read([two_methods(tmp_path / "run", packed)]).summary.ask(against_frozen)
    assert verdict.word == "better"
    assert verdict.difference is not None
    assert verdict.difference.images == IMAGES


def test_bits_do_without_side_files(tmp_path: Path) -> None:
    folder = two_methods(tmp_path / "run", True)
    for path in (folder / "cells").iterdir():
        path.unlink()
    (verdict,) = read([folder]).summary.ask(against_frozen)
    assert verdict.word == "better"


def test_bits_and_side_file_say_the_same(tmp_path: Path) -> None:
    record = answered(tmp_path, 0.7, True)
    store = Store(tmp_path)
    old = dataclasses.replace(record, right_offset=None)
    found, from_file = (right_of(store, {record.cell_id: each})(record.cell_id) for each in (record, old))
    assert found is not None
    assert from_file is not None
    assert found.tolist() == from_file.tolist()
    assert found.sum() == pytest.approx(0.7 * IMAGES, abs=40)


def test_torn_bits_fall_back_to_the_side_file(tmp_path: Path) -> None:
    """They are not believed, and not missed."""
    record = answered(tmp_path, 0.7, True)
    (tmp_path / "right.bin").write_bytes((tmp_path / "right.bin").read_bytes()[:-1])
    found = right_of(Store(tmp_path), {record.cell_id: record})(record.cell_id)
    assert found is not None
    assert len(found) == IMAGES


def test_a_rerun_has_bits_of_its_own(tmp_path: Path) -> None:
    """Appended behind the old ones; each record finds those that are its own."""
    first, second = (answered(tmp_path, share, True) for share in (0.1, 0.9))
    store = Store(tmp_path)
    shares = [right_of(store, {each.cell_id: each})(each.cell_id) for each in (first, second)]
    assert [found is not None and found.mean() > 0.5 for found in shares] == [False, True]


def test_several_runs_are_one_summary_and_rows_of_both_are_compared(tmp_path: Path) -> None:
    """Each finds its predictions in its own folder."""
    runs = []
    for method, share in (("linear_probe", 0.6), ("finetune", 0.8)):
        folder = tmp_path / method
        runs.append(
            saved(
                folder,
                *(answered(folder, share, True, cell_id=f"{method}{s}", method=method, seed=s) for s in range(3)),
            )
        )
    summary = read(runs).summary
    assert summary.suite == "linear_probe + finetune"
    (verdict,) = summary.ask(against_frozen)
    assert verdict.word == "better"


def test_runs_that_cannot_stand_together_are_refused(tmp_path: Path) -> None:
    runs = [saved(tmp_path / str(size), a_record(image_size=size, cell_id=str(size))) for size in (32, 64)]
    with pytest.raises(NotComparable, match="digits: image_size"):
        read(runs)


def test_the_same_folder_twice_is_one_run(tmp_path: Path) -> None:
    folder = saved(tmp_path / "run", a_record())
    summary = read([folder, folder / "records.jsonl"]).summary
    assert summary.suite == "run"
    assert [row.accuracy.n for row in summary.rows] == [1]


def test_a_filter_narrows_records_and_plan_and_says_so(tmp_path: Path) -> None:
    records = [a_record(cell_id=name, backbone=name) for name in ("resnet18", "vit")]
    folder = saved(tmp_path / "run", *records, cells=["resnet18", "vit"])
    summary = read([folder], ["backbone=resnet*"]).summary
    assert [row.backbone for row in summary.rows] == ["resnet18"]
    assert summary.missing == 0
    assert summary.ask(notes)[0] == "Narrowed to backbone=resnet*."
    with pytest.raises(BenchError, match="fits none of the records"):
        read([folder], ["backbone=bird"])


def test_somebody_is_told_how_far_the_reading_is(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    read([saved(tmp_path / "run", a_record())], tell=lambda *each: told.append(each))
    assert told == [("reading records, MiB", 0, 0)]


def test_a_written_grid_is_read_whole(tmp_path: Path) -> None:
    """The run that large reports are measured on: methods at five budgets, five seeds each."""
    many_records.write(tmp_path, 200, images=60)
    summary = read([tmp_path]).summary
    assert (len(summary.rows), {row.accuracy.n for row in summary.rows}) == (40, {5})
    assert summary.missing == 0
    words = {verdict.word for verdicts in summary.ask(against_best) for verdict in verdicts}
    assert "worse" in words
    assert "not tested" not in words


def test_a_folder_without_records_has_no_report(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"no records\.jsonl there; give the folder of a run"):
        read_summary(tmp_path)


def test_predictions_are_read_from_the_side_files(tmp_path: Path) -> None:
    """And a broken or missing one is no prediction."""
    store = Store(tmp_path)
    labels = np.arange(6)
    with store.writing() as writer:
        name = writer.write_side_file("whole", {"labels": labels, "predictions": np.array([0, 1, 2, 0, 0, 0])})
    (tmp_path / "cells" / "torn.npz").write_bytes((tmp_path / name).read_bytes()[:40])
    kept = {
        cell: a_record(cell_id=cell, side_file=file)
        for cell, file in (("whole", name), ("torn", "cells/torn.npz"), ("gone", "cells/gone.npz"), ("none", None))
    }
    right = right_of(store, kept)
    found = right("whole")
    assert found is not None
    assert found.tolist() == [True, True, True, False, False, False]
    assert [right(cell) for cell in ("torn", "gone", "none", "unknown")] == [None] * 4


def damaged(folder: Path, was: str, now: str) -> Path:
    """Change the first place where a text stands among a run's records."""
    path = folder / "records.jsonl"
    assert was in path.read_text()
    path.write_text(path.read_text().replace(was, now, 1))
    return folder


@pytest.mark.filterwarnings("ignore:.*left out")
def test_a_report_says_which_lines_hold_no_record(tmp_path: Path) -> None:
    """It is over the rest."""
    run = damaged(two_methods(tmp_path / "run", True), '"total_s": 3.0', '"total_s": "long"')
    summary = read([run]).summary
    assert len(summary.records) == 5
    (said,) = summary.said
    assert said.startswith(
        f"1 line holds no record and is left out: {run}/records.jsonl:1: total_s is 'long': should be"
    )


@pytest.mark.filterwarnings("ignore:.*left out")
def test_a_report_says_which_figures_can_not_be(tmp_path: Path) -> None:
    """Also of a cell that has another id here than in its run; no row has the figure."""
    run = damaged(two_methods(tmp_path / "run", True), '"accuracy": 0.6', '"accuracy": 200.0')
    for folders in ([run], [run, saved(tmp_path / "other", a_record(cell_id="x", n_labels=7))]):
        summary = read(folders).summary
        assert [record.status for record in summary.records].count("failed") == 1
        (said,) = (each for each in summary.said if "not reliable" in each)
        assert said.startswith("accuracy is not reliable in 1 cell and left out there: 200.0 is no share: 0 to 1 (")
        assert all(row.accuracy.mean <= 1 for row in summary.rows)


@pytest.mark.filterwarnings("ignore:.*left out")
@pytest.mark.parametrize("name", ["records.jsonl", "manifest.json"])
def test_a_run_that_can_not_be_read_hides_no_other(tmp_path: Path, name: str) -> None:
    """It is named in the report of the others; alone it is refused, and so is a folder that holds none."""
    good, bad = two_methods(tmp_path / "good", True), two_methods(tmp_path / "bad", True)
    (bad / name).write_text("3\n")
    summary = read([bad, good]).summary
    assert len(summary.records) == 6
    assert any(said.startswith(f"One of the runs is left out: {bad / name}") for said in summary.said)
    with pytest.raises(BenchError, match=name):
        read([bad])
    with pytest.raises(BenchError, match=r"no records\.jsonl there"):
        read([good, tmp_path / "nowhere"])


def test_bits_of_another_number_of_images_are_compared_with_none(tmp_path: Path) -> None:
    """Neither where the record says how many there are, nor where the other cells do."""
    folder = tmp_path / "run"
    told = [answered(folder, 0.6, True, cell_id=f"a{seed}", seed=seed, n_test=IMAGES) for seed in range(3)]
    other = dataclasses.replace(told[0], cell_id="b", method="finetune", n_test=None)
    with Store(folder).writing() as writer:
        offset = writer.append_right("b", np.ones(7, np.bool_))
    run = saved(folder, *told, dataclasses.replace(other, right_offset=offset, side_file=None))
    right = read([run]).right
    assert [right(f"a{seed}") is not None for seed in range(3)] == [True] * 3
    assert right("b") is None
    assert right_of(Store(run), {"a0": dataclasses.replace(told[0], n_test=7)})("a0") is None
