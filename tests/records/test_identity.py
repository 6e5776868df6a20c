"""What a record repeats from its cell."""

import dataclasses
from typing import Any

import pytest

from bench.records.identity import identity_fields
from bench.records.record import Record
from bench.schema import Budget, Cell, Choice, Training
from tests.material.examples import a_cell


def test_a_record_repeats_its_cell() -> None:
    cell = a_cell(seed=3, method=Choice("linear_probe", {"default_l2": 5.0}), limit=100)
    record = Record(**identity_fields(cell), status="skipped", reason="no data")
    assert (record.cell_id, record.seed, record.limit) == (cell.cell_id, 3, 100)
    assert (record.method, record.method_params) == ("linear_probe", {"default_l2": 5.0})
    assert record.training == dataclasses.asdict(Training())
    assert record.precision_reason == "asked for"


@pytest.mark.parametrize(
    ("budget", "label", "known"),
    [
        (Budget("fraction", 0.01), "1 %", {"fraction": 0.01, "labels_per_class": None, "n_labels": None}),
        (Budget("fraction", 1.0), "100 %", {"fraction": 1.0}),
        (Budget("fraction", 0.125), "12.5 %", {"fraction": 0.125}),
        (Budget("labels_per_class", 5), "5 per class", {"fraction": None, "labels_per_class": 5, "n_labels": None}),
        (Budget("labels", 200), "200 labels", {"fraction": None, "labels_per_class": None, "n_labels": 200}),
    ],
)
def test_a_budget_is_named_as_the_suite_put_it(budget: Budget, label: str, known: dict[str, Any]) -> None:
    fields = identity_fields(a_cell(budget=budget))
    assert fields["budget"] == budget.label == label
    assert {key: fields[key] for key in known} == known


def test_all_of_a_cell_but_its_time_limit_stands_in_its_record() -> None:
    known = {field.name for field in dataclasses.fields(Cell)} - {
        "timeout_s",
        "trials",
        "few_labels",
    }  # what is tried is told with what came of it
    renamed = {"settings": "method_settings", "selection": "image_selection"}
    assert {renamed.get(name, name) for name in known} <= set(identity_fields(a_cell()))
