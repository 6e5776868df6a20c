"""What a comparison of two rows asks, and which others are asked with it: they are corrected together. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Literal

from bench.answers.rows.rows import Row

Question = Literal["methods", "backbones", "budgets", "anything"]
QUESTIONS: Mapping[Question, str] = {
    "methods": "methods (with their initial weights) at one label budget for one backbone",
    "backbones": "backbones at one label budget for one method (with its initial weights)",
    "budgets": "label budgets for one method (with its initial weights) on one backbone",
    "anything": "all rows with one number of labels",
}
"""What stands behind `comparisons of` in a report. On several devices or machines these count as backbones do."""
Key = tuple[object, ...]
"""What all pairs of rows have in common that one question is about."""
Asked = tuple[Question, Key]


def asked(first: Row, second: Row) -> Asked:
    """Return what is asked of two rows, whichever is named first: each pair belongs to one question alone."""
    table, budget, setting = _table(first), _budget(first), _setting(first)
    same = table == _table(second), budget == _budget(second), setting == _setting(second)
    if same[:2] == (True, True):
        return "methods", (*table, *budget)
    if same[1:] == (True, True) and first.dataset == second.dataset:
        return "backbones", (first.dataset, *setting, *budget)
    if same == (True, False, True) and first.variant == second.variant:
        return "budgets", (*table, first.variant)
    return "anything", (first.dataset, first.n_labels if first.n_labels == second.n_labels else None)


def places(row: Row) -> Iterator[Asked]:
    """Yield each question that a row may have a part in."""
    yield "methods", (*_table(row), *_budget(row))
    yield "backbones", (row.dataset, *_setting(row), *_budget(row))
    yield "budgets", (*_table(row), row.variant)
    yield "anything", (row.dataset, row.n_labels)
    yield "anything", (row.dataset, None)


def pairs_of(question: Asked, rows: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Return all pairs of the rows that have a part in a question of which it is asked."""
    return [pair for pair in combinations(rows, 2) if asked(*pair) == question]


def _table(row: Row) -> Key:
    return row.dataset, row.backbone, row.device, row.precision, row.machine


def _budget(row: Row) -> Key:
    return row.budget, row.n_labels


def _setting(row: Row) -> Key:
    return row.method, row.weights, row.source, row.image_selection
