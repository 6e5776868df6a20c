"""What the fields of a record may hold, as a file may hold anything: types, ranges, lengths, and what must agree.

`FIT` is the schema of a line. It is made from the fields of `Record`; what a type can't say stands in the tables here.
"""

import datetime
import typing
from collections.abc import Mapping
from typing import Annotated, Any, NotRequired

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypeAliasType, TypedDict

from bench.machine.reading import NAME, SHA256, problems_in
from bench.records.plausible import RANGES, SHARE
from bench.records.record import Record

MOST = 10**100
"""No whole number is larger: what is was never counted."""
LEVELS = 8
"""Of lists and tables within the free values of a record: parameters, settings, what was asked of the libraries."""
MANY = 1_000_000
"""Entries of a list; the longest honest one has a value for each class."""

Name = Annotated[str, Field(max_length=4096, pattern=NAME)]
"""On one line. The longest are those of modules, and labels with all their parameters."""
Text = Annotated[str, Field(max_length=MANY)]
Digest = Annotated[str, Field(pattern=SHA256)]
Count = Annotated[int, Field(ge=0, le=MOST)]
Positive = Annotated[int, Field(ge=1, le=MOST)]
Number = Annotated[float, Field(ge=-MOST, le=MOST)]
NotNegative = Annotated[float, Field(ge=0, le=MOST)]


def _levels(count: int) -> Any:
    """Return the type of any JSON value of at most so many levels."""
    scalars: tuple[Any, ...] = (bool, Annotated[int, Field(ge=-MOST, le=MOST)], float, Text, None)
    if count == 0:
        return _any_of(scalars)
    # by a name, so that its schema is made once
    inside = TypeAliasType(f"Level{count}", _levels(count - 1))  # type: ignore[misc]
    return _any_of((*scalars, Annotated[list[inside], Field(max_length=MANY)], dict[Text, inside]))  # type: ignore[valid-type]


def _any_of(kinds: tuple[Any, ...]) -> Any:
    # from left to right: strict types exclude one another, so that the first which fits is the one
    return Annotated[typing.Union[kinds], Field(union_mode="left_to_right")]  # noqa: UP007


FREE: Any = dict[Text, _levels(LEVELS - 1)]  # type: ignore[misc]
CONDITIONS: Any = dict[Text, _levels(LEVELS + 4)]  # type: ignore[misc]
"""What is made of such values by putting them together."""


def _is_date(text: str) -> str:
    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("should be a date and time, as in 2026-11-03T12:00:00+00:00") from None
    return text


Date = Annotated[str, Field(max_length=64), AfterValidator(_is_date)]
CONFIG = ConfigDict(strict=True, allow_inf_nan=False, extra="ignore")


@with_config(CONFIG)
class _Rate(TypedDict, total=False):
    learning_rate: Number | None


@with_config(CONFIG)
class _Trial(TypedDict):
    settings: _Rate
    val_accuracy: Annotated[float, Field(ge=SHARE[0], le=SHARE[1])] | None
    val_loss: NotRequired[Annotated[float, Field(ge=0)] | None]
    share: Annotated[float, Field(gt=0, le=1)]


@with_config(CONFIG)
class _Chosen(TypedDict, total=False):
    tuned_edges: list[Name]


@with_config(CONFIG)
class _Examples(TypedDict):
    exact: list[Annotated[list[Text], Field(min_length=2, max_length=2)]]
    near: list[Annotated[list[Text], Field(min_length=2, max_length=2)]]


@with_config(CONFIG)
class _Duplicates(TypedDict):
    exact: Count
    near: Count
    of: Count
    examples: _Examples


@with_config(CONFIG)
class _Gpu(TypedDict, total=False):
    sm_mhz: NotNegative | None
    memory_mhz: NotNegative | None
    celsius: Number | None
    watts: NotNegative | None
    throttled_by: list[Name] | None
    other_processes: Count | None


@with_config(CONFIG)
class _GpuState(TypedDict):
    before: _Gpu
    after: _Gpu
    joules: Number | None
    others: Count | None


OWN: Mapping[str, Any] = {
    **dict.fromkeys(("reason", "traceback"), Text | None),
    **dict.fromkeys(("weights_sha256", "subset_sha256", "test_sha256"), Digest | None),
    "cell_id": Annotated[Name, Field(min_length=1)],
    "finished_at": Date | None,
    **dict.fromkeys(("threads", "image_size", "batch_size", "schema_version", "protocol"), Positive),
    **dict.fromkeys(("workers", "limit"), Positive | None),
    "fraction": Annotated[float, Field(ge=0, le=1)] | None,
    "trials": Annotated[list[_Trial], Field(max_length=MANY)] | None,
    "chosen": _Chosen | None,
    "duplicates": _Duplicates | None,
    "gpu_state": _GpuState | None,
    **dict.fromkeys(("weights_source", "transform", "worst_class", "overlap_reason", "precision_reason"), Text | None),
    "dataset_notes": Annotated[list[Text], Field(max_length=MANY)],
    "pinned_to": Annotated[list[Count], Field(max_length=MANY)] | None,
    "peak_cuda_mib_by_phase": dict[Name, Annotated[list[NotNegative], Field(min_length=2, max_length=2)]] | None,
}
"""What the type of a field does not say."""
PLAIN: Mapping[Any, Any] = {
    str: Name,
    int: Count,
    float: Number,
    list[str]: Annotated[list[Name], Field(max_length=MANY)],
    dict[str, Any]: FREE,
}
"""By type, for all other fields."""
SAID_OF_FREE = "should be texts, numbers, lists and tables, in eight levels at most"


def _held(name: str, hint: Any) -> Any:
    """Return what a field may hold."""
    if name in OWN:
        return OWN[name]
    return _within(hint, RANGES.get(name))


def _within(hint: Any, within: tuple[float, float] | None) -> Any:
    """Return a type with numbers in their range, wherever they stand in it."""
    if hint in (int, float) and within is not None:
        # whole bounds: a count can't be held against one with a point
        return Annotated[hint, Field(ge=int(within[0]), le=int(within[1]))]
    if hint in PLAIN:
        return PLAIN[hint]
    inside = typing.get_args(hint)
    kind = typing.get_origin(hint)
    if kind is list:
        return Annotated[list[_within(inside[0], within)], Field(min_length=1, max_length=MANY)]  # type: ignore[misc]
    if kind is dict:
        return dict[Name, _within(inside[1], within)]  # type: ignore[misc]
    if kind is typing.Literal or not inside:
        return hint
    return typing.Union[tuple(_within(each, within) for each in inside)]  # noqa: UP007


_HINTS = typing.get_type_hints(Record)
_FREE = {name for name, hint in _HINTS.items() if "typing.Any" in str(hint) and name not in OWN}
_Line = TypedDict("_Line", {name: _held(name, hint) for name, hint in _HINTS.items()}, total=False)  # type: ignore[misc]
_Line.__pydantic_config__ = CONFIG  # type: ignore[attr-defined]
FIT: TypeAdapter[Any] = TypeAdapter(_Line)
OUT_OF_RANGE = {"greater_than_equal", "less_than_equal", "greater_than", "less_than"}
"""Kinds of faults that leave a number a number."""


def fits(contents: Mapping[str, Any]) -> bool:
    """Say whether a line's object holds nothing but what its fields may hold."""
    return FIT.validator.isinstance_python(contents) and disagreement(contents) is None


def problem_of(contents: Mapping[str, Any]) -> str | None:
    """Say which value of a line's object can be in no record; null where at most figures are out of their range.

    Those are a matter of `plausible`: the rest of such a record stands.
    """
    for place, told, kind in problems_in(FIT, contents):
        if not (place[0] in RANGES and kind in OUT_OF_RANGE):
            return f"{place[0]}: {SAID_OF_FREE}" if place[0] in _FREE else told
    return disagreement(contents)


def disagreement(contents: Mapping[str, Any]) -> str | None:
    """Say which values of a line's object, each of which can be, do not go together; null where all do."""
    classes, found = contents.get("n_classes"), contents.get("per_class_accuracy")
    if found is not None and classes not in (None, len(found)):
        return f"per_class_accuracy has {len(found)} values, and n_classes is {classes}"
    images = contents.get("n_test")
    if found is not None and images is not None and len(found) - found.count(None) > max(images, 0):
        return f"per_class_accuracy has more values than there are test images (n_test is {images})"
    if (step := contents.get("step_ms")) and "p50" not in step:
        return "step_ms.p50 is missing"
    return None
