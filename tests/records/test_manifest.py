"""A run's manifest is read where it is one; anything else is named, with what to do."""

import json
import os
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.records.manifest import read_manifest
from bench.records.store import Store
from tests.material.examples import ENVIRONMENT
from tests.material.measured import GPU, MACHINE


@pytest.mark.parametrize("gpu", [None, GPU])
def test_what_a_run_writes_is_read(tmp_path: Path, gpu: dict[str, object] | None) -> None:
    store = Store(tmp_path)
    store.update_manifest({"suite": "a", "cells": ["one"]}, {"here": {**MACHINE, "gpu": gpu}, "there": ENVIRONMENT})
    assert read_manifest(tmp_path / "manifest.json")["cells"] == ["one"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "3", "{", '{"cells": 3}', '{"cells": [[]]}', '{"environments": {"a": 1}}', "[" * 10_000, "null"),
        *('{"suite": 3}', '{"suite": null}', '{"environments": {"a": {"packages": []}}}', '{"schema_version": "2"}'),
        *('{"environments": {"a": {"cores": -2}}}', '{"environments": {"a": {"gpu": {"name": 3}}}}', "1" * 5000),
        '{"environments": {"a": {"cores": 1e999}}}',
    ],
    ids=lambda text: text[:30],
)
def test_a_manifest_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(BenchError, match=r"manifest\.json: .*; remove it, the next run writes it again") as told:
        Store(tmp_path).manifest()
    assert len(str(told.value).removeprefix(str(tmp_path))) < 300


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "manifest.json")
    with pytest.raises(BenchError, match=r"manifest\.json: a named pipe, no regular file"):
        Store(tmp_path).manifest()


def test_a_broken_link_is_named(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").symlink_to("gone")
    with pytest.raises(BenchError, match=r"manifest\.json: can't be read \(No such file"):
        Store(tmp_path).manifest()


def test_a_folder_without_one_has_an_empty_one(tmp_path: Path) -> None:
    assert Store(tmp_path).manifest() == {}
    (tmp_path / "manifest.json").write_text(json.dumps({}))
    assert Store(tmp_path).manifest() == {}
