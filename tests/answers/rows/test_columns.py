"""Rows as flat columns: the same names for the same things, and nothing lost."""

import dataclasses

from bench.answers.rows.columns import columns_of, figures_of, is_text
from bench.answers.rows.rows import Row, rows_of
from bench.statistics.intervals import Estimate
from tests.material.examples import a_record


def rows(**changes: object) -> tuple[Row, ...]:
    """Two rows of three seeds; the second was profiled."""
    made = [
        a_record(
            cell_id=f"{method}{seed}",
            method=method,
            seed=seed,
            accuracy=0.5 + seed / 10,
            anatomy_ms={"forward": 3.0} if method == "finetune" else None,
            profiled_in="x" if method == "finetune" else None,
            **changes,
        )
        for method in ("linear_probe", "finetune")
        for seed in (2, 0, 1)
    ]
    return rows_of(made, {})


def test_estimate_is_three_columns() -> None:
    columns = columns_of(rows())
    names = list(columns)
    place = names.index("accuracy")
    assert names[place : place + 3] == ["accuracy", "accuracy_half_width_95", "accuracy_n"]
    assert columns["accuracy"] == [rows()[0].accuracy.mean] * 2
    assert columns["accuracy_n"] == [3, 3]


def test_estimate_that_no_row_has_keeps_its_columns() -> None:
    columns = columns_of(rows())
    assert columns["peak_cuda_allocated_mib"] == [None, None]
    assert columns["peak_cuda_allocated_mib_n"] == [0, 0]


def test_parts_of_a_mapping_have_columns_where_some_row_has_them() -> None:
    columns = columns_of(rows())
    assert columns["anatomy_ms_forward"] == [None, 3.0]
    assert not any(name.startswith(("anatomy_ms_b", "tried", "memory_mib")) for name in columns)
    assert "anatomy_ms" not in columns


def test_cells_are_one_list_in_the_order_of_the_seeds() -> None:
    columns = columns_of(rows())
    assert columns["seeds"][0] == [0, 1, 2]
    assert columns["cells"][0] == ["linear_probe0", "linear_probe1", "linear_probe2"]


def test_every_field_of_a_row_has_its_column() -> None:
    """Or, where it is a mapping or a value with parts, one for each part."""
    tried = [{"settings": {"learning_rate": 0.1}, "val_accuracy": 0.9, "share": 1.0, "seconds": 1.0}]
    full = rows(
        search="random",
        trials=tried,
        memory_mib_by_kind={"weights": 1.0},
        transferability={"logme": 0.5},
        chosen={"tuned_edges": ["learning_rate"]},
        latency_ms={"1": 1.0},
        corruption_accuracy={"noise": [0.8] * 5},
        corruption_clean_accuracy=0.9,
    )
    names = list(columns_of(full))
    for field in dataclasses.fields(Row):
        assert any(name.startswith(field.name) for name in names) or "None" in str(field.type), field.name
    assert {"tried_best", "tried_best_n", "tried_edges_learning_rate", "transferability_logme"} <= set(names)


def test_figures_keep_estimates_whole() -> None:
    figures = figures_of(rows()[1])
    assert isinstance(figures["accuracy"], Estimate)
    assert figures["anatomy_ms_forward"] == 3.0


def test_text_is_told_from_numbers_where_no_row_has_any() -> None:
    assert is_text("frozen_part")
    assert is_text("source")
    assert not is_text("mfu")
    assert not is_text("accuracy")


def test_no_rows_are_columns_without_values() -> None:
    columns = columns_of([])
    assert columns["backbone"] == []
    assert columns["accuracy_n"] == []
