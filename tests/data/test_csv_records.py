"""CSV is read, or refused with file and line, in no time."""

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.data.csv_records import column_name, read_records
from bench.errors import InvalidData


def write(folder: Path, contents: str | bytes) -> Path:
    path = folder / "some.csv"
    path.write_bytes(contents.encode() if isinstance(contents, str) else contents)
    return path


def read(folder: Path, contents: str | bytes) -> tuple[tuple[str, ...], list[tuple[int, list[str]]], tuple[str, ...]]:
    records = read_records(write(folder, contents), ("path", "label"))
    return records.header, list(records.rows), records.notes


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_records_come_with_the_line_that_they_begin_in(tmp_path: Path, newline: str, mark: str) -> None:
    """Whatever a spreadsheet ends its lines with; lines without anything are passed over."""
    lines = ["path,label", "a,1", "", 'b,"two', 'lines"', "   ", "c,3"]
    header, rows, notes = read(tmp_path, mark + newline.join(lines) + newline)
    assert header == ("path", "label")
    assert rows == [(2, ["a", "1"]), (4, ["b", f"two{newline}lines"]), (7, ["c", "3"])]
    assert notes == ()


@pytest.mark.parametrize(("delimiter", "said"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_other_signs_between_columns_are_read_and_told(tmp_path: Path, delimiter: str, said: str) -> None:
    text = f'Label{delimiter} "PATH"{delimiter}x\nbig, cat{delimiter}a{delimiter}\n'
    _, rows, notes = read(tmp_path, text)
    assert rows == [(2, ["big, cat", "a", ""])]
    assert notes == (f"columns of some.csv are parted by {said}",)


def test_quotes_are_taken_off_behind_a_blank_too(tmp_path: Path) -> None:
    assert read(tmp_path, 'path,label\na, "big, cat"\n')[1] == [(2, ["a", "big, cat"])]


QUOTE = "is a quote opened here and not closed"


@pytest.mark.parametrize(
    ("contents", "problem"),
    [
        ('path,label\n"a,b\n' + "c,d\n" * 6000, rf"some\.csv:2: no CSV .*{QUOTE}"),
        ('path,label\n"a,b\n' + "c,d\n" * 100_000, rf"some\.csv:2: no CSV .*field larger.*{QUOTE}"),
        ('path,label\na,b\n"c,d\n"e,f\n', rf"some\.csv:3: .*{QUOTE}"),
        ('path,label\na,"b" c\n', rf"some\.csv:2: .*{QUOTE}"),
        (f"path,label\na,{'x' * 200_000}\n", r"some\.csv:2: .*field larger"),
        ("path,label\na,b\nc\0,d\n", r"some\.csv:3: a NUL byte"),
        (b"path,label\na,b\n\xe4,d\n", r"some\.csv:3: no UTF-8 .*save it as UTF-8"),
        ("path,label\na,b\n".encode("utf-16"), r"some\.csv:1: no UTF-8"),
    ],
    ids=["quote", "long quote", "two quotes", "text behind a quote", "huge", "nul", "latin-1", "utf-16"],
)
def test_what_cannot_be_read_is_named_with_its_line(tmp_path: Path, contents: str | bytes, problem: str) -> None:
    before = time.monotonic()
    with pytest.raises(InvalidData, match=problem):
        read(tmp_path, contents)
    assert time.monotonic() - before < 5


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match=r"gone\.csv: can't be read"):
        read_records(tmp_path / "gone.csv", ())


@pytest.mark.parametrize("contents", ["", "\n\n", "\ufeff"])
def test_an_empty_file_has_no_columns(tmp_path: Path, contents: str) -> None:
    assert read(tmp_path, contents) == ((), [], ())


def test_columns_are_looked_for_without_blanks_in_small_letters() -> None:
    assert [column_name(name) for name in (" Path", "LABEL\u00a0", "\ufeffgroup")] == ["path", "label", "group"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(st.text('pathlabel,;"\n\r\t \\x0', max_size=40) | st.binary(max_size=40))
def test_whatever_a_file_holds_it_is_read_or_refused(tmp_path: Path, contents: str | bytes) -> None:
    try:
        _, rows, _ = read(tmp_path, contents)
    except InvalidData:
        return
    assert all(line >= 1 for line, _ in rows)
