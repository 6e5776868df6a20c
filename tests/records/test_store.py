"""A run's folder: nothing is lost, nothing torn is believed."""

import dataclasses
import errno
import json
import math
import os
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench.errors import BenchError, Unwritable
from bench.records.record import SCHEMA_VERSION, Record
from bench.records.store import Store
from tests.material.examples import a_record


def saved(folder: Path, *records: Record) -> Store:
    store = Store(folder)
    with store.writing() as writer:
        for record in records:
            writer.append(record)
    return store


@settings(deadline=None, max_examples=50)
@given(
    st.floats(0, 1),
    st.none() | st.floats(-1e100, 1e100),
    st.none() | st.text(),
    st.text(st.characters(exclude_categories=["Cc", "Cs"])),
    st.lists(st.floats(0, 1), min_size=1, max_size=3),
)
def test_what_is_appended_is_read_again(
    accuracy: float, final_loss: float | None, reason: str | None, backbone: str, per_class: list[float]
) -> None:
    record = a_record(
        accuracy=accuracy, final_loss=final_loss, reason=reason, backbone=backbone, per_class_accuracy=per_class
    )
    with TemporaryDirectory() as folder:
        assert saved(Path(folder), record).records() == {record.cell_id: record}


def test_a_folder_without_records_holds_none(tmp_path: Path) -> None:
    assert Store(tmp_path / "nowhere").records() == {}


def test_the_last_record_of_a_cell_counts_and_comes_last(tmp_path: Path) -> None:
    first, other = a_record(status="failed", cell_id="one"), a_record(cell_id="other")
    again = dataclasses.replace(first, status="ok")
    found = saved(tmp_path, first, other, again).records()
    assert list(found.values()) == [other, again]


def test_a_later_run_appends(tmp_path: Path) -> None:
    saved(tmp_path, a_record(cell_id="one"))
    assert list(saved(tmp_path, a_record(cell_id="two")).records()) == ["one", "two"]


def test_every_line_is_one_json_object(tmp_path: Path) -> None:
    store = saved(tmp_path, a_record(cell_id="one", reason="two\nlines\u2028\x00"), a_record(cell_id="two"))
    lines = store.records_path.read_bytes().splitlines()
    assert [json.loads(line)["cell_id"] for line in lines] == ["one", "two"]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_number_that_is_none_never_gets_into_a_record(tmp_path: Path, value: float) -> None:
    store = Store(tmp_path)
    with store.writing() as writer, pytest.raises(ValueError, match="not JSON compliant"):
        writer.append(a_record(accuracy=value))
    assert store.records_path.read_bytes() == b""


@pytest.mark.parametrize("kept", [1, 40, -2])
def test_a_torn_last_line_is_left_out_with_a_warning(tmp_path: Path, kept: int) -> None:
    store = saved(tmp_path, a_record(cell_id="one"), a_record(cell_id="two"))
    first, second = store.records_path.read_bytes().splitlines(keepends=True)
    store.records_path.write_bytes(first + second[:kept])
    with pytest.warns(UserWarning, match="the last line is torn"):
        assert list(store.records()) == ["one"]


@pytest.mark.parametrize("whole_lines", [0, 1])
def test_a_torn_last_line_is_cut_before_the_next_is_written(tmp_path: Path, whole_lines: int) -> None:
    before = [a_record(cell_id=f"before {number}") for number in range(whole_lines)]
    store = saved(tmp_path, *before)
    with store.records_path.open("a") as stream:
        stream.write('{"cell_id": "torn", "stat')
    with pytest.warns(UserWarning, match="its cell runs again"):
        saved(tmp_path, a_record(cell_id="next"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert list(store.records()) == [*(record.cell_id for record in before), "next"]


@pytest.mark.parametrize("times", [1, 2, 3])
def test_the_next_record_is_not_glued_to_a_whole_one_without_its_line_feed(tmp_path: Path, times: int) -> None:
    """However often that happens, no record is lost, and none is written twice."""
    for number in range(times):
        store = saved(tmp_path, a_record(cell_id=f"{number}"))
        store.records_path.write_bytes(store.records_path.read_bytes().removesuffix(b"\n"))
    saved(tmp_path, a_record(cell_id="next"))
    assert list(store.records()) == [*map(str, range(times)), "next"]


def test_a_record_that_the_disk_has_no_room_for_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor half of it: the next one begins on a line of its own."""
    store, write = saved(tmp_path, a_record(cell_id="one")), os.write
    before = store.records_path.read_bytes()

    def short(descriptor: int, contents: bytes) -> int:
        if len(contents) < 100:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, contents[:50])

    with store.writing() as writer:
        with monkeypatch.context() as full:
            full.setattr(os, "write", short)
            with pytest.raises(Unwritable, match=rf"^{tmp_path}: the disk is full .*make room .*--out"):
                writer.append(a_record(cell_id="two"))
        assert store.records_path.read_bytes() == before
        writer.append(a_record(cell_id="three"))
    assert list(store.records()) == ["one", "three"]


def test_what_a_killed_run_left_half_written_goes_with_the_next(tmp_path: Path) -> None:
    store = saved(tmp_path)
    for name in (".manifest.json.0123abcd.part", "cells/.one.npz.0123abcd.part", "cells/tmpa1b2c3d4.part"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("half")
    with store.writing():
        pass
    assert not list(tmp_path.rglob("*.part"))


def test_a_folder_in_the_place_of_a_side_file_is_refused_before_a_cell_runs(tmp_path: Path) -> None:
    (tmp_path / "cells" / "one.npz").mkdir(parents=True)
    with pytest.raises(Unwritable, match=r"one\.npz: is a folder where a file of its own"), Store(tmp_path).writing():
        pass


def test_records_of_a_newer_schema_are_refused(tmp_path: Path) -> None:
    store = saved(tmp_path, a_record(), a_record(cell_id="new", schema_version=SCHEMA_VERSION + 1))
    with pytest.raises(BenchError, match=rf"records.jsonl:2: schema version {SCHEMA_VERSION + 1} is newer.*upgrade"):
        store.records()


def test_keys_of_another_minor_version_are_left_out(tmp_path: Path) -> None:
    contents = a_record().to_json() | {"colour": "red"}
    (tmp_path / "records.jsonl").write_text(json.dumps(contents) + "\n")
    assert list(Store(tmp_path).records().values()) == [a_record()]


def test_keys_that_an_earlier_version_did_not_know_are_null(tmp_path: Path) -> None:
    contents = a_record().to_json()
    for key in ("precision_reason", "frozen_part", "anatomy_ms", "latency_ms", "profiled_in", "profile_reason"):
        del contents[key]
    (tmp_path / "records.jsonl").write_text(json.dumps(contents) + "\n")
    (record,) = Store(tmp_path).records().values()
    assert record == dataclasses.replace(a_record(), precision_reason=None)


def test_a_second_writer_is_refused_until_the_first_is_done(tmp_path: Path) -> None:
    first, second = Store(tmp_path).writing(), Store(tmp_path).writing()
    with first, pytest.raises(BenchError, match="another run is writing there"), second:
        pass
    assert list(saved(tmp_path, a_record(cell_id="after")).records()) == ["after"]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BenchError, match="can't be written"), Store(tmp_path / "file" / "run").writing():
        pass


def test_a_manifest_is_kept_up_to_date(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.manifest() == {}
    store.update_manifest({"suite": "example", "cells": ["one"]}, {"here": {"cores": 2}})
    store.update_manifest({"cells": ["one", "two"]}, {"there": {"cores": 4}})
    assert store.manifest() == {
        "schema_version": SCHEMA_VERSION,
        "suite": "example",
        "cells": ["one", "two"],
        "environments": {"here": {"cores": 2}, "there": {"cores": 4}},
    }


def test_a_manifest_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.update_manifest({"suite": "old"})
    with pytest.raises(TypeError):
        store.update_manifest({"suite": object()})
    assert store.manifest()["suite"] == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_a_side_file_gives_back_its_arrays(tmp_path: Path) -> None:
    arrays = {"labels": np.arange(5, dtype=np.int32), "probabilities": np.eye(3, dtype=np.float16)}
    with Store(tmp_path).writing() as writer:
        name = writer.write_side_file("abc", arrays)
    assert name == "cells/abc.npz"
    with np.load(tmp_path / name) as found:
        assert set(found) == set(arrays)
        for key, array in arrays.items():
            assert found[key].dtype == array.dtype
            assert (found[key] == array).all()
    assert [path.name for path in (tmp_path / "cells").iterdir()] == ["abc.npz"]


def test_a_side_file_is_as_readable_as_the_records(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.update_manifest({})
    with store.writing() as writer:
        name = writer.write_side_file("abc", {"labels": np.arange(5)})
    assert (tmp_path / name).stat().st_mode == (tmp_path / "manifest.json").stat().st_mode


@pytest.mark.filterwarnings("ignore:.*left out")
@settings(deadline=None, max_examples=60)
@example([(0.140625, 16)])
@given(st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=20))
def test_a_side_file_that_was_damaged_anywhere_is_read_or_is_not_there(damage: list[tuple[float, int]]) -> None:
    """Bytes that changed within compressed data come up as other errors than those of its frame."""
    with TemporaryDirectory() as folder:
        store, arrays = Store(Path(folder)), {"labels": np.arange(500) % 7, "predictions": np.arange(500) % 5}
        with store.writing() as writer:
            record = a_record(side_file=writer.write_side_file("one", arrays))
        path = Path(folder) / str(record.side_file)
        contents = bytearray(path.read_bytes())
        for place, byte in damage:
            contents[int(place * len(contents))] = byte
        path.write_bytes(contents)
        assert store.side_arrays(record).keys() <= arrays.keys()
