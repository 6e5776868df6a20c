"""Identities and records."""

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.records.record import SCHEMA_VERSION, Record
from bench.schema import PROTOCOL, Budget, Cell, Choice, Seeds, Training, canonical_json, content_hash
from tests.material.examples import a_cell, a_record

OTHERS: dict[str, Any] = {
    "dataset": Choice("digits", {"train_images": 62}),
    "backbone": "test_vit",
    "weights": "random",
    "method": Choice("linear_probe", {"default_l2": 5.0}),
    "settings": {"l2": [1.0], "default_l2": 100.0, "solver": "lbfgs"},
    "budget": Budget("labels", 5),
    "seed": 1,
    "device": "cuda",
    "precision": "bf16",
    "threads": 2,
    "image_size": 64,
    "training": Training(batch_size=32),
    "deterministic": False,
    "limit": 100,
    "selection": "herding",
    "source": Choice("glyphs"),
    "trials": ({"learning_rate": 0.1},),
    "search": "random",
    "few_labels": {"learning_rate": 0.1},
    "subset_seed": 1,
    "init_seed": 1,
    "order_seed": 1,
    "repeat": 1,
    "validation": "own",
    "protocol": PROTOCOL + 1,
}
NO_IDENTITY = {"suite": "other", "timeout_s": 1.0, "precision_reason": "measured", "probes": ("corruptions",)}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def test_every_field_of_a_cell_is_spoken_for() -> None:
    assert {field.name for field in dataclasses.fields(Cell)} == set(OTHERS) | set(NO_IDENTITY)


@pytest.mark.parametrize("name", OTHERS)
def test_a_cells_id_hangs_on_each_field_that_decides_its_numbers(name: str) -> None:
    assert a_cell(**{name: OTHERS[name]}).cell_id != a_cell().cell_id


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Training)])
def test_a_cells_id_hangs_on_each_part_of_the_recipe(name: str) -> None:
    changed = dataclasses.replace(Training(), **{name: "other"})
    assert a_cell(training=changed).cell_id != a_cell().cell_id


@pytest.mark.parametrize("name", NO_IDENTITY)
def test_a_cells_id_hangs_on_nothing_that_leaves_its_numbers_alone(name: str) -> None:
    assert a_cell(**{name: NO_IDENTITY[name]}).cell_id == a_cell().cell_id


def test_a_cell_of_another_protocol_is_another_cell() -> None:
    """Nor does it depend on anything else than what stands in it: its id is a fixed text until the protocol changes."""
    assert a_cell().cell_id == "b3989d0efdb270fe"


def test_a_seed_that_is_given_apart_but_equal_changes_no_id() -> None:
    assert a_cell(seed=3).cell_id == a_cell(seed=3, subset_seed=3, init_seed=3, order_seed=3, repeat=0).cell_id


@pytest.mark.parametrize(
    ("changes", "seeds", "told"),
    [
        ({"seed": 3}, Seeds(3, 3, 3), "3"),
        ({"seed": 3, "init_seed": 1}, Seeds(3, 1, 3), "subset 3, init 1, order 3"),
        ({"subset_seed": 2, "repeat": 1}, Seeds(2, 0, 0, 1), "subset 2, init 0, order 0, repeat 1"),
        ({"repeat": 2}, Seeds(0, 0, 0, 2), "0, repeat 2"),
    ],
)
def test_seeds_of_a_cell_and_its_record_are_those_it_was_given(changes: Any, seeds: Seeds, told: str) -> None:
    cell = a_cell(**changes)
    record = a_record(cell)
    assert cell.seeds == record.seeds == seeds
    assert str(seeds) == told
    assert cell.label.endswith(f"seed {told}")
    assert record.label.endswith(f"seed {told}")


def test_the_order_of_parameters_is_no_part_of_a_cells_id() -> None:
    one, other = {"default_l2": 5.0, "solver": "lbfgs"}, {"solver": "lbfgs", "default_l2": 5.0}
    assert a_cell(method=Choice("linear_probe", one)).cell_id == a_cell(method=Choice("linear_probe", other)).cell_id


@settings(deadline=None, max_examples=60)
@given(JSON)
def test_equal_contents_hash_alike(value: Any) -> None:
    assert content_hash(json.loads(json.dumps(value))) == content_hash(value)
    assert json.loads(canonical_json(value)) == value


def test_a_number_that_is_none_has_no_hash() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        content_hash({"loss": float("nan")})


@pytest.mark.parametrize("record", [a_record(), a_record(status="failed", accuracy=None)], ids=["ok", "failed"])
def test_every_key_stands_in_every_record(record: Record) -> None:
    contents = record.to_json()
    assert list(contents) == [field.name for field in dataclasses.fields(Record)]
    assert contents["schema_version"] == SCHEMA_VERSION
    assert Record(**json.loads(json.dumps(contents))) == record


def test_large_counts_of_labels_have_labels_of_their_own() -> None:
    assert Budget("labels", 1_234_567).label != Budget("labels", 1_234_568).label


def test_a_choice_is_named_with_its_parameters() -> None:
    assert Choice("finetune").label == "finetune"
    assert Choice("partial_finetune", {"stages": 2, "steps": 9}).label == "partial_finetune(stages=2, steps=9)"


@pytest.mark.parametrize("value", [a_cell(), Training(steps=None, epochs=1), {"a": [Choice("x", {"l2": (1, 2.0)})]}])
def test_values_are_hashed_as_the_plain_ones_that_they_hold(value: Any) -> None:
    """As records from before were: only the copies that `asdict` makes are spared."""
    plain = dataclasses.asdict(value) if dataclasses.is_dataclass(value) else {"a": [dataclasses.asdict(value["a"][0])]}
    assert canonical_json(value) == canonical_json(plain)


def test_what_is_no_value_of_json_has_no_hash() -> None:
    with pytest.raises(TypeError):
        canonical_json({"a": object()})
