"""A line that holds no record is named and left out, and hides no other; what can't be read at all is refused."""

import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.records import lines
from bench.records.lines import read_lines, read_records
from bench.records.record import Record
from bench.records.store import Store
from tests.material import unfit_files
from tests.material.examples import a_record

ONE, TWO = a_record(cell_id="one"), a_record(cell_id="two", seed=1)


def written(folder: Path, *parts: Record | str | bytes) -> Path:
    """Write lines, each a record or whatever stands there instead."""
    path = folder / "records.jsonl"
    texts = [json.dumps(part.to_json()) + "\n" if isinstance(part, Record) else part for part in parts]
    path.write_bytes(b"".join(text if isinstance(text, bytes) else text.encode() for text in texts))
    return path


def with_value(field: str, text: str) -> str:
    """Return the line of a record with any text where a value belongs."""
    return json.dumps(a_record(cell_id="bad").to_json() | {field: unfit_files.MARK}, ensure_ascii=False).replace(
        f'"{unfit_files.MARK}"', text
    )


@pytest.mark.parametrize(
    "line",
    [
        *("no json", "", "[]", "null", "3", "{}", '{"schema_version": 1}', '{"schema_version": "1"}', "[" * 10_000),
        *('{"schema_version": true}', b"\xff\xfe\x00", b"\x00" * 100, '{"a":' * 10_000, "1" * 5000, '"\\ud800"'),
        *(with_value("accuracy", text) for text in ("NaN", "Infinity", "1e999", '"0.9"', "null", "[0.9]", "1" * 400)),
        *(with_value("weights_sha256", "[1]"), with_value("step_ms", '{"p50": null}'), with_value("seed", "-1")),
    ],
    ids=lambda line: repr(line[:30]),
)
def test_a_line_that_holds_no_record_is_named_and_left_out(tmp_path: Path, line: str | bytes) -> None:
    """With its place, and what to do; the others are there."""
    ended = (line if isinstance(line, bytes) else line.encode()) + b"\n"
    path = written(tmp_path, ONE, ended, TWO)
    with pytest.warns(UserWarning, match=r"records\.jsonl:2: .*; remove the line, its cell runs again"):
        found = read_lines(path)
    assert found.records == {"one": ONE, "two": TWO}
    (told,) = found.said()
    assert told.startswith("1 line holds no record and is left out: ")
    assert len(found.left_out[0].removeprefix(str(tmp_path))) < 300
    path = written(tmp_path, ended)
    with pytest.raises(BenchError, match=r"records\.jsonl:1: .*remove the line"):
        read_lines(path)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(ONE.to_json())), st.sampled_from(unfit_files.VALUES))
def test_any_value_in_any_field_is_a_record_or_is_left_out(tmp_path: Path, field: str, value: str) -> None:
    """And never hides what stands beside it, unless it says that it is of a newer version."""
    path = written(tmp_path, ONE, with_value(field, value) + "\n", TWO)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if field == "schema_version" and value in ("200", "9223372036854775808", "18446744073709551616", "1" * 400):
            with pytest.raises(BenchError, match=r"is newer than .*; upgrade transferbench"):
                read_lines(path)
            return
        found = read_lines(path).records
    assert {"one", "two"} <= found.keys()
    assert len(found) <= 3
    for record in found.values():
        assert record.status != "ok" or 0 <= (record.accuracy or 0) <= 1


def test_a_figure_out_of_its_range_is_left_out_of_its_record(tmp_path: Path) -> None:
    """The record of one that decides counts as failed: its cell is run again where that is asked for."""
    path = written(tmp_path, ONE, with_value("accuracy", "200") + "\n", a_record(cell_id="mfu", mfu=1.3))
    with pytest.warns(UserWarning, match="accuracy is not reliable in 1 cell and left out there: 200 is no share"):
        found = read_records(path)
    assert (found["bad"].status, found["bad"].accuracy) == ("failed", None)
    assert (found["mfu"].status, found["mfu"].mfu) == ("ok", None)
    assert read_lines(path).unreliable.keys() == {"bad", "mfu"}


def test_the_last_record_of_a_cell_may_be_well_again(tmp_path: Path) -> None:
    path = written(tmp_path, a_record(cell_id="one", accuracy=7.0), ONE)
    assert (read_lines(path).records, read_lines(path).unreliable) == ({"one": ONE}, {})


def test_a_last_record_that_lacks_its_line_end_alone_is_kept(tmp_path: Path) -> None:
    """By who reads and by who writes after it."""
    path = written(tmp_path, ONE, json.dumps(TWO.to_json()))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert list(read_records(path)) == ["one", "two"]
        with Store(tmp_path).writing() as writer:
            writer.append(a_record(cell_id="three"))
        assert list(read_records(path)) == ["one", "two", "three"]


def test_many_lines_are_told_in_few(tmp_path: Path) -> None:
    """And a file of nothing else is taken for another one."""
    with pytest.warns(UserWarning, match="more lines|remove the line") as told:
        found = read_lines(written(tmp_path, ONE, "x\n" * 500))
    assert (len(found.left_out), len(told)) == (500, lines.NAMED + 1)
    assert "and 497 more lines" in str(told[-1].message)
    assert len(found.said()[0]) < 1000
    with pytest.raises(BenchError, match="more than 1000 lines hold no record"):
        read_lines(written(tmp_path, ONE, "x\n" * 2000))


def test_a_line_without_an_end_is_not_read_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LINE", 10_000)
    with pytest.raises(BenchError, match="line 2 has more than"):
        read_lines(written(tmp_path, ONE, b"\x00" * 30_000))


def test_a_file_of_a_terabyte_is_refused_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, ONE)
    os.truncate(path, 2**40)
    with pytest.raises(BenchError, match=r"1024\.0 GiB, and at most 64\.0 GiB are read"):
        read_lines(path)


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("make", "said"),
    [(a_pipe, "a named pipe"), (Path.mkdir, "a folder"), (lambda path: path.symlink_to("/dev/zero"), "a device")],
)
def test_what_is_no_file_is_named_without_being_opened(tmp_path: Path, make: Callable[[Path], Any], said: str) -> None:
    path = tmp_path / "records.jsonl"
    make(path)
    with pytest.raises(BenchError, match=f"records.jsonl: {said}, no regular file"):
        Store(tmp_path).records()


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    path = written(tmp_path, ONE)
    path.rename(tmp_path / "kept")
    path.symlink_to("kept")
    assert read_records(path) == {"one": ONE}


def test_halves_of_surrogate_pairs_come_out_as_they_were_written(tmp_path: Path) -> None:
    """Names of files that are no text stand in reasons; nothing that prints them falls over them."""
    path = written(tmp_path, with_value("reason", '"caf\\udce9.png"') + "\n")
    assert read_records(path)["bad"].reason == "caf\\udce9.png"


def test_reading_tells_how_far_it_is(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    path = written(tmp_path, ONE, TWO)
    read_records(path, lambda done, total: heard.append((done, total)))
    assert heard[-1] == (path.stat().st_size, path.stat().st_size)
