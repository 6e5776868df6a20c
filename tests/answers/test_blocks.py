"""Rows to tables: every row stands in one, told apart from the others, in the order of the catalogue."""

import pytest

from bench.schema import Choice
from tests.material.examples import a_cell, a_record
from tests.material.summaries import OTHERS, summary_of


def test_weights_of_another_hash_never_share_a_row_and_are_told_apart_in_the_table() -> None:
    summary = summary_of(a_record(weights_sha256="a" * 64), a_record(weights_sha256="b" * 64))
    (block,) = summary.blocks
    assert block.settings == tuple(f"linear_probe (supervised@glyphs) #{start * 8}" for start in "ab")


@pytest.mark.parametrize("name", OTHERS)
def test_every_row_stands_in_a_table(name: str) -> None:
    summary = summary_of(a_record(accuracy=0.25), a_record(accuracy=0.75, **{name: OTHERS[name]}))
    shown = [row for block in summary.blocks for row in block.rows.values()]
    assert sorted(row.accuracy.mean for row in shown) == [0.25, 0.75]


def test_data_sets_with_other_parameters_have_tables_of_their_own() -> None:
    cells = [a_cell(dataset=Choice("glyphs", {"train_images": count})) for count in (620, 1240)]
    blocks = summary_of(*map(a_record, cells)).blocks
    assert len({block.title for block in blocks}) == 2


def test_rows_and_columns_are_ordered_by_method_and_by_labels() -> None:
    summary = summary_of(
        *(a_record(method=method) for method in ("finetune", "my_own", "ridge_probe", "linear_probe")),
        a_record(method="scratch", weights="random", budget="1 per class", n_labels=10),
    )
    (block,) = summary.blocks
    methods = ["scratch", "linear_probe", "ridge_probe", "finetune", "my_own"]
    assert [setting.split(" ")[0] for setting in block.settings] == methods
    assert block.budgets == (("1 per class", 10), ("5 per class", 50))
