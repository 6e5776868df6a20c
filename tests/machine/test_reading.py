"""Any file and any text: what is read is JSON of a regular file, and anything else is told in a few words."""

import gzip
import json
import math
import os
import socket
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, TypeAdapter

from bench.machine.reading import SHOWN, Unfit, is_regular, opened, parse, problem_in, quoted, read_bytes, read_json

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50, deadline=None)
@given(JSON)
def test_json_comes_back(value: Any) -> None:
    """Also behind a byte order mark."""
    text = json.dumps(value).encode()
    assert parse(text) == parse(b"\xef\xbb\xbf" + text) == value
    assert type(parse(text)) is type(value)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value)[:-1].encode()))
def test_any_bytes_are_json_or_are_told(text: bytes) -> None:
    """In a line."""
    try:
        parse(text)
    except Unfit as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"[" * 10_000, "recursion limit"),
        (b'"\\u0041' + b"[" * 10, "no JSON"),
        (b'["\\ud800",' + b"[" * 100_000, "nested without end"),
        (b'["\\ud800",' + b"[" * 300 + b"]" * 301, "levels"),
        (b"1" * 5000, "out of range"),
        (b'["\\ud800",' + b"1" * 5000 + b"]", "no JSON"),
        (b"NaN", "no JSON"),
        (b'["\\ud800", Infinity]', "Infinity is no number"),
        (gzip.compress(b"{}", mtime=0), "compressed by gzip: unpack it first"),
        ("{}".encode("utf-16"), "in UTF-16: save it as UTF-8"),
        (b"PK\x03\x04...", "an archive"),
        (b'"\xff\\u0041"', "no text in UTF-8"),
        (b"", "no JSON"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_what_is_no_json_is_told(text: bytes, said: str) -> None:
    with pytest.raises(Unfit, match=said):
        parse(text)


def test_halves_of_surrogate_pairs_are_escaped_unless_they_are_wanted() -> None:
    text = b'{"\\udc80": ["\\ud83d\\ude00", "a\\ud800"]}'
    assert parse(text) == {"\\udc80": ["\U0001f600", "a\\ud800"]}
    assert parse(text, halves=True) == json.loads(text)


def test_numbers_that_are_none_are_read_where_others_may_keep_anything() -> None:
    assert math.isnan(parse(b"[NaN]", finite=False)[0])
    assert parse(b'["\\ud800", -Infinity]', finite=False)[1] == -math.inf


def test_only_regular_files_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links to them too."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "device").symlink_to("/dev/zero")
    (tmp_path / "loop").symlink_to("loop")
    with socket.socket(socket.AF_UNIX) as bound:
        monkeypatch.chdir(tmp_path)  # the name of a socket must be short
        bound.bind("socket")
    kinds = {"pipe": "a named pipe", "folder": "a folder", "device": "a device", "socket": "a socket"}
    for name, said in {**kinds, "loop": "can't be read", "gone": "No such file", "a\x00b": "can't be read"}.items():
        assert not is_regular(tmp_path / name)
        with pytest.raises(Unfit, match=said):
            read_bytes(tmp_path / name, 100)
    (tmp_path / "file").write_text("{}")
    (tmp_path / "link").symlink_to("file")
    assert is_regular(tmp_path / "link")
    assert read_json(tmp_path / "link", 2) == {}


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("{}")
    with pytest.raises(Unfit, match="2 bytes, and at most 1 bytes are read"):
        read_bytes(tmp_path / "file", 1)
    os.truncate(tmp_path / "file", 2**40)
    with pytest.raises(Unfit, match=r"1024\.0 GiB, and at most 1\.0 GiB"):
        read_json(tmp_path / "file", 2**30)


def test_a_file_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unfit, match="can't be read"), opened(Path("/proc/self/mem"), 10) as stream:
        stream.read(10)


def test_what_does_not_fit_a_schema_is_told_with_its_place() -> None:
    schema = TypeAdapter(dict[str, list[Annotated[float, Field(ge=0, le=1)]]])
    assert problem_in(schema, {"a": [0.5]}) is None
    assert problem_in(schema, {"a": [0.5, 7]}) == "a.1 is 7: should be less than or equal to 1"
    assert str(problem_in(schema, {"a" * 500: 3})).endswith("... is 3: should be a valid list")


@settings(max_examples=50, deadline=None)
@given(JSON | st.text(min_size=200) | st.integers(2**9000))
def test_any_value_is_shown_in_a_few_characters(value: Any) -> None:
    assert len(quoted(value)) <= SHOWN
    assert quoted(value).isprintable()
