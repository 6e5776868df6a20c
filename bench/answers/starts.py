"""Pairs each linear probe with the full fine-tuning from the same initial weights at the same budget. Pure."""

from collections.abc import Sequence
from typing import Any

from bench.answers.rows.rows import Row
from bench.answers.summary import Summary

FROZEN, TUNED = "linear_probe", "finetune"
SAME = (
    *("dataset", "backbone", "weights", "weights_sha256", "budget", "n_labels", "device", "precision"),
    *("image_selection", "machine"),
)
"""What a frozen and a fine-tuned row have in common that are held against one another."""

Pair = tuple[Row, Row]
"""A frozen row and the fine-tuned one from the same start at the same budget."""


def frozen_and_tuned(summary: Summary) -> list[Pair]:
    """Return the pairs, in the order of the frozen rows."""
    tuned: dict[tuple[Any, ...], list[Row]] = {}
    for row in _of(TUNED, summary.rows):
        tuned.setdefault(_start(row, SAME), []).append(row)
    return [(row, other) for row in _of(FROZEN, summary.rows) for other in tuned.get(_start(row, SAME), [])]


def by_start(summary: Summary) -> list[list[Pair]]:
    """Return the pairs of each start, at all its budgets."""
    fields = [name for name in SAME if name not in ("budget", "n_labels")]
    starts: dict[tuple[Any, ...], list[Pair]] = {}
    for frozen, tuned in summary.ask(frozen_and_tuned):
        starts.setdefault((_start(frozen, fields), frozen.variant, tuned.variant), []).append((frozen, tuned))
    return list(starts.values())


def _of(method: str, rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.method.partition("(")[0] == method]


def _start(row: Row, fields: Sequence[str]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in fields)
