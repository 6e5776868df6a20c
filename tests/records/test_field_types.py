"""What a file says is a record's only where it is what the field may hold, and the fields go together."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from bench.errors import BenchError
from bench.machine.reading import PATTERNS
from bench.records.field_types import FIT, LEVELS, fits, problem_of
from bench.records.lines import read_records
from bench.records.plausible import RANGES
from bench.records.record import Record
from tests.material import unfit_files
from tests.material.examples import a_record


def test_a_record_as_the_harness_writes_it_is_well() -> None:
    """With a value in every field, too."""
    assert fits(a_record(latency_ms={"1": 2.0, "64": 30}, per_class_accuracy=[0.5, None]).to_json())
    for record in unfit_files.records():
        assert fits(record.to_json()), problem_of(record.to_json())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n_labels", "many"),
        ("seed", 0.5),
        ("seed", -1),
        ("threads", 0),
        ("accuracy", True),
        ("total_s", 10**400),
        ("method_params", [1]),
        ("method_params", {"a": float("inf")}),
        ("audit", ["frozen"]),
        ("per_class_accuracy", "x"),
        ("latency_ms", {"1": "quick"}),
        ("latency_ms", {"1": None}),
        ("step_ms", {"p90": 1.0}),
        ("status", "fine"),
        ("cell_id", ""),
        ("backbone", "a\x00b"),
        ("dataset", "two\nlines"),
        ("weights_sha256", "abc"),
        ("subset_sha256", "A" * 64),
        ("finished_at", "yesterday"),
        ("throughput_images_per_s", float("inf")),
        ("trials", [{"settings": {}, "val_accuracy": 0.5, "share": 0.0}]),
        ("trials", [{"settings": {"learning_rate": "x"}, "val_accuracy": 0.5, "share": 1.0}]),
        ("trials", [{"settings": {}, "val_accuracy": 0.5, "share": 5.0}]),
        ("gpu_state", {"before": None, "after": {}, "joules": None, "others": None}),
        ("duplicates", {"exact": 1}),
        ("peak_cuda_mib_by_phase", {"train": []}),
        ("corruption_accuracy", {"noise": []}),
        ("right_offset", -1),
    ],
)
def test_a_value_that_can_not_be_is_named(field: str, value: Any) -> None:
    """By its field; the line is none of a record's."""
    contents = a_record().to_json() | {field: value}
    assert not fits(contents)
    # what is wrong with a part of a figure's field is found where the rest is tried again
    assert str(problem_of(contents)).startswith(field) or (field in RANGES and problem_of(contents) is None)


def test_figures_out_of_their_range_leave_the_rest_of_a_record() -> None:
    """`plausible` is for those."""
    contents = a_record(accuracy=200.0, mfu=1.3, trials=None).to_json()
    assert (fits(contents), problem_of(contents)) == (False, None)


def test_values_that_do_not_go_together_are_named() -> None:
    contents = a_record(n_classes=3, per_class_accuracy=[0.5, 0.5]).to_json()
    assert problem_of(contents) == "per_class_accuracy has 2 values, and n_classes is 3"
    contents = a_record(n_test=1, per_class_accuracy=[0.5, 0.5]).to_json()
    assert "more values than there are test images" in str(problem_of(contents))


@pytest.mark.parametrize("levels", [LEVELS, LEVELS + 1])
def test_free_values_have_so_many_levels_at_most(levels: int) -> None:
    value: Any = 1
    for _ in range(levels - 1):
        value = [value]
    assert fits(a_record(method_params={"a": value}).to_json()) == (levels == LEVELS)


def test_each_field_is_bounded() -> None:
    """A text by its length, a number by its range, a list by its length: none is left as it stands in `Record`."""
    document = FIT.json_schema()
    for field in dataclasses.fields(Record):
        told = json.dumps(document["properties"][field.name])
        if "Any" in str(field.type):
            continue  # bounded in their depth
        unbounded = '{"type": "string"}' in told or '{"type": "number"}' in told or '{"type": "integer"}' in told
        assert not unbounded, (field.name, told)
    assert set(RANGES) <= set(document["properties"])


def test_messages_show_no_patterns(tmp_path: Path) -> None:
    """But words, and no more of a value than a line can hold."""
    for field, value in (("backbone", "\x1b" * 5000), ("test_sha256", "z" * 10**6), ("seed", 10**3000)):
        path = tmp_path / "records.jsonl"
        path.write_text(json.dumps(a_record().to_json() | {field: value}) + "\n")
        with pytest.raises(BenchError, match=r"records\.jsonl:1: ") as told:
            read_records(path)
        assert len(str(told.value)) < 400
        assert not any(pattern in str(told.value) for pattern in PATTERNS)
