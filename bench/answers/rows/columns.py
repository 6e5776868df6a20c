"""A row of the summary as flat columns: what CSV, JSON, Parquet and tables of the user's choice share. Pure."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from bench.answers.rows.rows import Row
from bench.statistics.intervals import Estimate

Figure = Estimate | float | int | str | list[Any] | None
"""What a row holds of one thing; null where it was not measured."""

HALF_WIDTH, COUNT = "_half_width_95", "_n"
"""What stands behind the name of an estimate for half of its 95 % interval, and for the number of its values."""


def figures_of(row: Row) -> dict[str, Figure]:
    """Return all that a row holds, by name; parts of a mapping or of another value are `name_part`."""
    return _inside("", row)


def _inside(prefix: str, value: Any) -> dict[str, Figure]:
    found: dict[str, Figure] = {}
    for field in dataclasses.fields(value):
        found |= _figures(f"{prefix}{field.name}", getattr(value, field.name))
    return found


def _figures(name: str, value: Any) -> dict[str, Figure]:
    if name == "cells":  # in the order of the seeds, not a column for each
        return {name: [cell for _, cell in sorted(value.items())]}
    if isinstance(value, Mapping):
        return {key: each for part, inner in value.items() for key, each in _figures(f"{name}_{part}", inner).items()}
    if isinstance(value, tuple | list):
        return {name: [list(part) if isinstance(part, tuple) else part for part in value]}
    if dataclasses.is_dataclass(value) and not isinstance(value, Estimate):
        return _inside(f"{name}_", value)
    return {name: value}


def columns_of(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """Return the columns of all rows, in the order of their fields; null where a row has none.

    An estimate is three columns: its mean, half of its 95 % interval, and the number of its values.
    """
    columns: dict[str, list[Any]] = {}
    for field in dataclasses.fields(Row):
        found = [_figures(field.name, getattr(row, field.name)) for row in rows]
        for name in [field.name] if field.type in _SINGLE else _names_with_values(found):
            columns |= _expanded(name, [figures.get(name) for figures in found], "Estimate" in str(field.type))
    return columns


def _names_with_values(found: Sequence[Mapping[str, Figure]]) -> list[str]:
    """Return the parts of a mapping that any row has a value of: a row without the mapping has its name, empty."""
    names = dict.fromkeys(name for figures in found for name in figures)
    return [name for name in names if any(figures.get(name) is not None for figures in found)]


def _expanded(name: str, values: list[Figure], always: bool) -> dict[str, list[Any]]:
    """Return one column, or the three of an estimate."""
    if not always and not any(isinstance(value, Estimate) for value in values):
        return {name: values}
    parts = [_parts(value) for value in values]
    names = (name, f"{name}{HALF_WIDTH}", f"{name}{COUNT}")
    return {each: [part[place] for part in parts] for place, each in enumerate(names)}


def _parts(value: Figure) -> tuple[float | None, float | None, int]:
    return (value.mean, value.half_width, value.n) if isinstance(value, Estimate) else (None, None, 0)


def is_text(column: str) -> bool:
    """Say whether a column holds text in every row, also where no row has any."""
    return column in _TEXTS


_SINGLE = (str, str | None, int, int | None, float, float | None, Estimate, Estimate | None)
_TEXTS = {field.name for field in dataclasses.fields(Row) if field.type in (str, str | None)}
