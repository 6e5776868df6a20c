"""The table of single cells, and of those without a number."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.answers.summary import Summary
from bench.records.record import Record
from bench.reports.page.cell_pages import MOST
from bench.reports.tables.formatting import plain
from bench.schema import Choice


@dataclass(frozen=True)
class Column:
    """One column of the table of cells."""

    heading: str
    of: Callable[[Record], str]
    number: bool = False
    """Whether it is written to the right and sorted by its size."""
    choice: bool = False
    """Whether readers may choose among its values."""
    always: bool = True
    """Whether it is shown where all cells have the same in it."""


COLUMNS = (
    Column("data set", lambda record: Choice(record.dataset, record.dataset_params).label, choice=True, always=False),
    Column("backbone", lambda record: record.backbone, choice=True),
    Column("weights", lambda record: record.weights, choice=True),
    Column("method", lambda record: Choice(record.method, record.method_params).label, choice=True),
    Column("labels", lambda record: "-" if record.n_labels is None else f"{record.n_labels:,}", True, True),
    Column("seed", lambda record: str(record.seeds), True),
    Column("device", lambda record: record.device, choice=True, always=False),
    Column("precision", lambda record: record.precision, choice=True, always=False),
    Column("status", lambda record: record.status, choice=True),
    Column("accuracy, %", lambda record: _percent(record.accuracy), True),
    Column("validation, %", lambda record: _percent(record.val_accuracy), True),
    Column("images/s", lambda record: plain(record.throughput_images_per_s, 0), True),
    Column("peak RSS, MiB", lambda record: plain(record.peak_rss_mib, 0), True),
    Column("total, s", lambda record: plain(record.total_s, 1), True),
)


@dataclass(frozen=True)
class CellTable:
    """What the template writes."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """The id of each cell, and its texts."""
    choices: tuple[tuple[int, str, tuple[str, ...]], ...]
    """Position of a column, its heading and its values, where there are several."""
    left_out: int


def cell_table(summary: Summary) -> CellTable:
    """Return a line for each cell that has a record."""
    records = summary.records[:MOST]
    texts = {column: [column.of(record) for record in records] for column in COLUMNS}
    shown = tuple(column for column in COLUMNS if column.always or len(set(texts[column])) > 1)
    rows = zip(*(texts[column] for column in shown), strict=True)
    return CellTable(
        shown,
        tuple((record.cell_id, row) for record, row in zip(records, rows, strict=True)),
        tuple(
            (position, column.heading, values)
            for position, column in enumerate(shown)
            if column.choice and len(values := _values(texts[column], column.number)) > 1
        ),
        len(summary.records) - len(records),
    )


def unfinished_cells(summary: Summary) -> list[tuple[str, str, str, str]]:
    """Return id, status, name and reason of each cell without a number."""
    return [(record.cell_id, record.status, record.label, record.reason or "") for record in summary.unfinished]


def _values(texts: Sequence[str], number: bool) -> tuple[str, ...]:
    """Return the different texts in the order of their size or of the alphabet; dashes first."""
    if number:
        return tuple(sorted(set(texts), key=lambda text: -1 if text == "-" else int(text.replace(",", ""))))
    return tuple(sorted(set(texts)))


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value * 100:.1f}"
