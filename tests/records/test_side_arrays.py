"""Arrays beside a record are read where they are what the harness writes; nothing else takes memory or time."""

import io
import os
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.records.side_arrays import read_arrays

NAMES = ("labels", "predictions", "losses")
HONEST = {"labels": np.arange(5, dtype=np.int32), "predictions": np.arange(5), "losses": np.array([1.0, np.nan])}


def test_what_a_run_writes_is_read(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", **HONEST)
    found = read_arrays(tmp_path, "a.npz", NAMES)
    for name, array in HONEST.items():
        np.testing.assert_array_equal(found[name], array)
    assert read_arrays(tmp_path, "a.npz", ("labels", "other")).keys() == {"labels"}


def test_of_a_file_that_is_gone_nothing_is_said(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_arrays(tmp_path, "gone.npz", NAMES) == {}


def refused(folder: Path, name: str, said: str = "") -> None:
    with pytest.warns(UserWarning, match=f"{said}.*; left out: what it kept of its cell is not shown"):
        assert read_arrays(folder, name, NAMES) == {}


@pytest.mark.parametrize(
    "arrays",
    [
        {"labels": np.array(3)},
        {"labels": np.ones((2, 2), np.int32)},
        {"labels": np.array([1.5])},
        {"labels": np.array(["a"])},
        {"labels": np.array([True])},
        {"labels": np.array([1 + 2j])},
        {"losses": np.array([{}], dtype=object)},
        {"losses": np.array([b"x"])},
        {"losses": np.array([(1, 2)], dtype=[("a", int), ("b", int)])},
        {"losses": np.array(["2020-01-01"], dtype="M8[D]")},
    ],
    ids=lambda arrays: str(next(iter(arrays.values())).dtype),
)
def test_arrays_of_another_kind_or_shape_are_left_out(tmp_path: Path, arrays: Mapping[str, Any]) -> None:
    np.savez(tmp_path / "a.npz", allow_pickle=True, **arrays)
    refused(tmp_path, "a.npz")


def packed(path: Path, contents: bytes, kind: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", kind) as archive:
        archive.writestr("labels.npy", contents)


def head(shape: str, dtype: str = "<i4") -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize("shape", ["(8000000000,)", "(-1,)", "(1, 2)", "()", "(9" + "9" * 40 + ",)", "'x'"])
def test_a_head_that_promises_more_than_there_is_takes_no_memory(tmp_path: Path, shape: str) -> None:
    packed(tmp_path / "a.npz", head(shape) + b"\x00" * 16)
    refused(tmp_path, "a.npz")


def test_an_array_that_unpacks_to_gigabytes_is_refused_by_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it is unpacked."""
    monkeypatch.setattr("bench.records.side_arrays.ARRAY", 10_000)
    packed(tmp_path / "a.npz", head("(5000000,)") + b"\x00" * 20_000_000)
    assert (tmp_path / "a.npz").stat().st_size < 100_000
    refused(tmp_path, "a.npz", "labels has 20000128 bytes")


@pytest.mark.parametrize("contents", [b"", b"PK\x03\x04", b"no archive", b"\x93NUMPY\x01\x00"])
def test_what_is_no_archive_is_left_out(tmp_path: Path, contents: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(contents)
    refused(tmp_path, "a.npz")


def test_pipes_folders_and_sparse_files_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npz")
    refused(tmp_path, "pipe.npz", "a named pipe, no regular file")
    (tmp_path / "folder.npz").mkdir()
    refused(tmp_path, "folder.npz", "a folder, no regular file")
    (tmp_path / "sparse.npz").touch()
    os.truncate(tmp_path / "sparse.npz", 2**40)
    refused(tmp_path, "sparse.npz", "1024.0 GiB")


@pytest.mark.parametrize("name", ["../a.npz", "cells/../../a.npz"])
def test_nothing_is_read_outside_the_runs_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "run" / "cells").mkdir(parents=True)
    np.savez(tmp_path / "a.npz", **HONEST)  # type: ignore[arg-type]
    refused(tmp_path / "run", name, "outside the run's folder")
    refused(tmp_path / "run", str(tmp_path / "a.npz"), "outside the run's folder")


def test_an_array_in_another_frame_is_read_or_left_out(tmp_path: Path) -> None:
    """Version 2 of the format, and one that nobody has."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, HONEST["labels"], version=(2, 0))
    packed(tmp_path / "a.npz", stream.getvalue())
    np.testing.assert_array_equal(read_arrays(tmp_path, "a.npz", NAMES)["labels"], HONEST["labels"])
    packed(tmp_path / "b.npz", b"\x93NUMPY\x09\x00" + stream.getvalue()[8:])
    refused(tmp_path, "b.npz")
