"""A record in memory: made of what a file says, with defaults for what it lacks and one object for what repeats."""

import dataclasses
import json
from typing import Any

import pytest

from bench.records.record import DIGESTS, REPEATED, Record, record_of
from bench.schema import Seeds
from tests.material.examples import a_record

NEEDED = [
    field.name
    for field in dataclasses.fields(Record)
    if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
]
REST = [field.name for field in dataclasses.fields(Record) if field.name not in NEEDED]


def read(record: Record, **changes: Any) -> dict[str, Any]:
    """Return a record's JSON object as a parser gives it, all objects its own."""
    contents: dict[str, Any] = json.loads(json.dumps(record.to_json() | changes))
    return contents


def test_record_comes_back_from_its_json() -> None:
    """Every field of it."""
    record = a_record(
        accuracy=0.5, latency_ms={"1": 2.0}, trials=[{"learning_rate": 0.1}], per_class_accuracy=[1, None]
    )
    assert record_of(read(record), {}) == record


def test_keys_that_are_not_there_have_their_defaults() -> None:
    """As the constructor would fill them in: all at once, or one alone."""
    needed = {key: value for key, value in read(a_record()).items() if key in NEEDED}
    filled = Record(**needed)
    assert record_of(dict(needed), {}) == filled
    for name in REST:
        contents = read(a_record())
        del contents[name]
        assert getattr(record_of(contents, {}), name) == getattr(filled, name)


def test_defaults_that_hold_something_are_each_records_own() -> None:
    """Filling one record's mapping fills no other's."""
    bare = {key: value for key, value in read(a_record()).items() if key in NEEDED}
    one, other = record_of(dict(bare), {}), record_of(dict(bare), {})
    one.method_params["stages"] = 2
    one.probes.append("corruptions")
    assert (other.method_params, other.probes) == ({}, [])


def test_unknown_key_is_left_out() -> None:
    """A later version may have written it."""
    assert record_of(read(a_record(), colour="red"), {}) == a_record()


REPEATING: dict[str, Any] = {
    **{name: {"steps": 3, "of": [1, 2]} for name in REPEATED},
    **dict.fromkeys(DIGESTS, "0123456789abcdef" * 4),
}


@pytest.mark.parametrize("name", [*REPEATED, *DIGESTS])
def test_what_many_records_repeat_is_one_object(name: str) -> None:
    """Of the records that are read together, and of no others."""
    shared: dict[Any, Any] = {}
    one, other = (record_of(read(a_record(cell_id=cell_id, **REPEATING)), shared) for cell_id in ("a", "b"))
    assert getattr(one, name) == REPEATING[name]
    assert getattr(one, name) is getattr(other, name)
    apart = record_of(read(a_record(**REPEATING)), {})
    assert getattr(apart, name) is not getattr(one, name)


def test_what_differs_is_not_shared() -> None:
    """One and true are equal to Python, and not the same."""
    shared: dict[Any, Any] = {}
    values = [1, True, 1.0]
    records = [record_of(read(a_record(training={"steps": value})), shared) for value in values]
    assert [type(record.training["steps"]) for record in records if record.training] == [int, bool, float]


def test_record_cannot_be_changed() -> None:
    """What was measured stays, and no field is added to it."""
    record = record_of(read(a_record()), {})
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.accuracy = 1.0  # type: ignore[misc]
    assert not hasattr(record, "__dict__")


@pytest.mark.parametrize(
    ("apart", "seeds"),
    [
        ({}, Seeds(3, 3, 3)),
        ({"subset_seed": 0, "order_seed": 7}, Seeds(0, 3, 7)),
        ({"init_seed": 1, "repeat": 2}, Seeds(3, 1, 3, 2)),
    ],
)
def test_seeds_that_are_null_are_the_cells_seed(apart: dict[str, int], seeds: Seeds) -> None:
    """Zero is a seed too; the label tells them."""
    contents = read(a_record()) | {"seed": 3, "subset_seed": None, "init_seed": None, "order_seed": None, "repeat": 0}
    record = record_of(contents | apart, {})
    assert record.seeds == seeds
    assert record.label == f"{record.backbone} {record.weights} {record.method} {record.budget} seed {seeds}"
