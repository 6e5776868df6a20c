"""Whether the values of a record are of the types that its fields say, as a file may hold anything."""

import dataclasses
import functools
import math
import operator
import types
import typing
from typing import Any

from bench.records.record import Record, Status


def problem_of(record: Record) -> str | None:
    """Say which value of a record is of another type than its field, or not finite; null where all are well."""
    wrong = (
        _misfit(tuple(map(type, _values(record))))
        or (None if record.status in _STATUSES else "status")
        or _not_finite(record)
        or next((name for name in _MAPPINGS if not _of_numbers(getattr(record, name))), None)
    )
    return None if wrong is None else f"{wrong} is {str(getattr(record, wrong))[:40]!r}"


@functools.lru_cache(maxsize=10_000)  # the records of a run have few combinations of types
def _misfit(kinds: tuple[type, ...]) -> str | None:
    """Return the first field whose value is of a type that is not its own; null where there is none."""
    return next((name for name, kind in zip(_ALLOWED, kinds, strict=True) if kind not in _ALLOWED[name]), None)


def _not_finite(record: Record) -> str | None:
    # one sum clears nearly every record; where it overflows, or a number is not finite, they are looked at one by one
    if math.isfinite(sum(filter(None, _numbers(record)))):
        return None
    return next((name for name in _NUMBERS if not _finite(getattr(record, name))), None)


def _finite(value: float | None) -> bool:
    return value is None or math.isfinite(value)


def _of_numbers(parts: dict[str, Any] | None) -> bool:
    return not parts or _NUMERIC.issuperset(map(type, parts.values()))


def _allowed(hint: Any) -> frozenset[type]:
    """Return the types that JSON has for an annotation; a whole number may stand for one with a point."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return frozenset[type]().union(*map(_allowed, typing.get_args(hint)))
    if typing.get_origin(hint) is typing.Literal:
        return frozenset(map(type, typing.get_args(hint)))
    kind = typing.get_origin(hint) or hint
    return frozenset({float, int}) if kind is float else frozenset({kind})


_NUMERIC = frozenset({float, int, type(None)})
_STATUSES = frozenset(typing.get_args(Status))
_HINTS = typing.get_type_hints(Record)
_ALLOWED = {each.name: _allowed(_HINTS[each.name]) for each in dataclasses.fields(Record)}
_NUMBERS = [name for name, allowed in _ALLOWED.items() if allowed <= _NUMERIC]
_MAPPINGS = [name for name, hint in _HINTS.items() if "dict[str, float" in str(hint)]
_values, _numbers = operator.attrgetter(*_ALLOWED), operator.attrgetter(*_NUMBERS)
