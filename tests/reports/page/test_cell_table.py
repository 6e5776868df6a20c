"""The table of cells: what is the same in all of them is no column, and readers choose where there is a choice."""

import pytest

from bench.reports.page import cell_table as cell_table_module
from bench.reports.page.cell_table import CellTable, cell_table, unfinished_cells
from tests.material.examples import a_record
from tests.material.summaries import UNFINISHED, a_summary, summary_of


def headings(table: CellTable) -> list[str]:
    return [column.heading for column in table.columns]


def test_a_cell_is_a_line_of_texts() -> None:
    record = a_record(accuracy=0.5, val_accuracy=None, throughput_images_per_s=1234.5, n_labels=1000)
    table = cell_table(summary_of(record))
    ((cell, texts),) = table.rows
    shown = dict(zip(headings(table), texts, strict=True))
    assert (cell, shown["labels"], shown["accuracy, %"], shown["validation, %"]) == ("0", "1,000", "50.0", "-")
    assert (shown["images/s"], shown["total, s"]) == ("1,234", "3.0")


@pytest.mark.parametrize(
    ("name", "value", "heading"),
    [("dataset", "glyphs", "data set"), ("device", "cuda", "device"), ("precision", "bf16", "precision")],
)
def test_what_all_cells_have_alike_is_shown_only_where_it_differs(name: str, value: str, heading: str) -> None:
    assert heading not in headings(cell_table(summary_of(a_record())))
    assert heading in headings(cell_table(summary_of(a_record(), a_record(**{name: value}))))


def test_readers_choose_among_several_values() -> None:
    """Numbers by their size, what has none first; a single value is no choice."""
    unlabelled = a_record(cell_id="x", n_labels=None, status="failed", accuracy=None)
    table = cell_table(a_summary(UNFINISHED, unlabelled))
    choices = {heading: values for _, heading, values in table.choices}
    assert choices == {
        "method": ("finetune", "linear_probe"),
        "labels": ("-", "50", "1,000"),
        "status": ("failed", "ok", "oom"),
    }
    assert all(table.columns[position].heading == heading for position, heading, _ in table.choices)


def test_cells_beyond_the_most_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cell_table_module, "MOST", 5)
    table = cell_table(a_summary())
    assert (len(table.rows), table.left_out) == (5, 7)


def test_cells_without_a_number_are_told_with_their_reason() -> None:
    (told,) = unfinished_cells(a_summary(UNFINISHED))
    assert told == ("oom", "oom", UNFINISHED.label, "CUDA out of memory")
