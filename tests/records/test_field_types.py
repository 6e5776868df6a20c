"""What a file says is a record's only where it is of the field's type."""

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pytest

from bench.errors import BenchError
from bench.records.field_types import problem_of
from bench.records.store import Store, read_records
from tests.material.examples import a_record


def test_a_record_as_the_harness_writes_it_is_well() -> None:
    assert problem_of(a_record(latency_ms={"1": 2.0, "64": 30}, per_class_accuracy=[0.5, None])) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n_labels", "many"),
        ("seed", 0.5),
        ("accuracy", True),
        ("method_params", [1]),
        ("audit", ["frozen"]),
        ("per_class_accuracy", "x"),
        ("latency_ms", {"1": "quick"}),
        ("status", "fine"),
        ("throughput_images_per_s", math.inf),
    ],
)
def test_a_value_of_another_kind_is_named(field: str, value: Any) -> None:
    assert (problem_of(dataclasses.replace(a_record(), **{field: value})) or "").startswith(f"{field} is ")


def test_numbers_whose_sum_is_beyond_floats_are_finite_still() -> None:
    assert problem_of(a_record(accuracy=1.7e308, final_loss=1.7e308)) is None


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", '"0.9"'])
def test_a_line_without_numbers_where_they_belong_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    line = json.dumps(a_record(accuracy=0.123456).to_json()).replace("0.123456", text)
    (tmp_path / "records.jsonl").write_text(line + "\n")
    with pytest.raises(BenchError, match=r"records.jsonl:1: .*remove the line, its cell runs again"):
        read_records(tmp_path / "records.jsonl")


@pytest.mark.parametrize("field", ["weights_sha256", "dataset_fingerprint"])
def test_a_digest_that_is_a_list_is_refused(tmp_path: Path, field: str) -> None:
    (tmp_path / "records.jsonl").write_text(json.dumps(a_record().to_json() | {field: [1]}) + "\n")
    with pytest.raises(BenchError, match=r"records.jsonl:1: no record"):
        read_records(tmp_path / "records.jsonl")


@pytest.mark.parametrize("text", ["[]", "3", '{"cells": 3}', '{"cells": [[]]}', '{"environments": {"a": 1}}'])
def test_a_manifest_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(BenchError, match=r"manifest.json: no manifest of a run; remove it"):
        Store(tmp_path).manifest()
