"""Which images were right: bits come back as they went in, and nothing torn is believed."""

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.records.correctness import FILE, Kept, entry


@given(st.lists(st.lists(st.booleans(), max_size=40), min_size=1, max_size=5))
def test_bits_come_back(cells: list[list[bool]]) -> None:
    """Of any number of images, from the offset at which they were kept."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        offsets, contents = [], b""
        for number, right in enumerate(cells):
            offsets.append(len(contents))
            contents += entry(str(number), np.array(right, np.bool_))
        (Path(folder) / FILE).write_bytes(contents)
        kept = Kept(Path(folder))
        for number, (offset, right) in enumerate(zip(offsets, cells, strict=True)):
            found = kept.at(offset, str(number))
            assert found is not None
            assert (found.dtype, found.tolist()) == (np.bool_, right)


RIGHT = np.arange(100) % 3 == 0


@pytest.mark.parametrize("offset", [-1, 1, 5000])
def test_offset_that_is_none_finds_nothing(tmp_path: Path, offset: int) -> None:
    (tmp_path / FILE).write_bytes(entry("a", RIGHT) * 2)
    assert Kept(tmp_path).at(offset, "a") is None


def test_entry_of_another_cell_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(entry("a", RIGHT))
    assert Kept(tmp_path).at(0, "a") is not None
    assert Kept(tmp_path).at(0, "b") is None


@pytest.mark.parametrize("kept", range(1, 40, 3))
def test_torn_entry_is_none(tmp_path: Path, kept: int) -> None:
    whole = entry("a", RIGHT)
    (tmp_path / FILE).write_bytes(whole[:kept])
    assert Kept(tmp_path).at(0, "a") is None


def test_flipped_bit_is_noticed(tmp_path: Path) -> None:
    whole = bytearray(entry("a", RIGHT))
    whole[-1] ^= 1
    (tmp_path / FILE).write_bytes(whole)
    assert Kept(tmp_path).at(0, "a") is None


@pytest.mark.parametrize("contents", [None, b""])
def test_file_that_is_not_there_or_empty_holds_nothing(tmp_path: Path, contents: bytes | None) -> None:
    if contents is not None:
        (tmp_path / FILE).write_bytes(contents)
    assert Kept(tmp_path).at(0, "a") is None


@pytest.mark.parametrize(("images", "there"), [(None, True), (100, True), (99, False), (104, False)])
def test_an_entry_of_another_number_of_images_is_none_of_the_cells(
    tmp_path: Path, images: int | None, there: bool
) -> None:
    (tmp_path / FILE).write_bytes(entry("a", RIGHT))
    assert (Kept(tmp_path).at(0, "a", images) is not None) == there


@pytest.mark.parametrize("count", [10**8, 2**32 - 1, 101])
def test_a_head_that_promises_more_images_than_the_file_holds_is_not_believed(tmp_path: Path, count: int) -> None:
    """Its checksum is that of the bits which are there."""
    head = struct.Struct("<4s16sII")
    _, digest, _, _ = head.unpack_from(entry("a", RIGHT))
    bits = b"\x00" * 13 if count == 101 else b""
    (tmp_path / FILE).write_bytes(head.pack(b"RGHT", digest, count, zlib.crc32(bits)) + bits[:12])
    assert Kept(tmp_path).at(0, "a") is None


def test_of_a_file_of_many_gigabytes_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(entry("a", RIGHT))
    os.truncate(tmp_path / FILE, 100 * 2**30)
    assert Kept(tmp_path).at(0, "a") is not None
    assert Kept(tmp_path).at(50 * 2**30, "a") is None
    os.truncate(tmp_path / FILE, 2**40)
    with pytest.warns(UserWarning, match=r"right\.bin: 1024\.0 GiB, and at most"):
        assert Kept(tmp_path).at(0, "a") is None


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / FILE)
    with pytest.warns(UserWarning, match="a named pipe, no regular file; left out"):
        assert Kept(tmp_path).at(0, "a") is None
