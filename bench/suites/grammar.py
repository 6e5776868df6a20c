"""What may stand in a suite file, and what is said of a mistake."""

import dataclasses
import math
from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model, model_validator

from bench.registry import unknown
from bench.schema import Training
from bench.suites.wording import MOST_TOLD, quoted, shortened
from bench.suites.yaml_marks import Marks, dotted

FilterKey = Literal[
    "dataset",
    "backbone",
    "weights",
    "method",
    "fraction",
    "labels_per_class",
    "labels",
    "selection",
    "source",
    "seed",
    "subset_seed",
    "init_seed",
    "order_seed",
    "repeat",
    "device",
    "precision",
]
FILTER_KEYS: tuple[str, ...] = get_args(FilterKey)
MOST_NAMES = 2000
"""Names on one axis, and lines of `include` and `exclude`: each is looked up, or held against all cells."""
MOST_TRIALS = 1000
"""Trials of a method, and values of a key to try."""
MOST_TIMEOUT_S = 2_147_483
"""24 days: the longest that the system waits for a process at once, which it counts in milliseconds of 32 bits."""
_LARGEST = 2**63 - 1


def _no_truth(written: Any) -> Any:
    # pydantic would take true for 1
    if isinstance(written, bool):
        raise ValueError(f"must be a number (not {str(written).lower()})")
    return written


Item = TypeVar("Item")
Many = Annotated[list[Item], Field(min_length=1)]
Names = Annotated[list[Item], Field(min_length=1, max_length=MOST_NAMES)]
Whole = Annotated[int, BeforeValidator(_no_truth)]
Number = Annotated[float, BeforeValidator(_no_truth)]
Fraction = Annotated[Number, Field(ge=0, le=1)]
Count = Annotated[Whole, Field(ge=1, le=_LARGEST)]
Seed = Annotated[Whole, Field(ge=0, le=_LARGEST)]
Threads = Annotated[Whole, Field(ge=1, le=1024)]
Batch = Annotated[Whole, Field(ge=2, le=2**31)]  # of one image batch normalisation has no variance
SuiteName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=200)]
"""Also the name of the run's folder, which holds 255 bytes."""
Description = Annotated[str, Field(max_length=10_000)]


class _Strict(BaseModel):
    # a cell's id is the hash of its JSON, which has neither infinity nor NaN
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class _NamedChoice(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: str


_ChoiceText = str | _NamedChoice

_LIMITS: dict[str, Any] = {
    "steps": Annotated[Whole, Field(ge=1, le=10**9)] | None,
    "epochs": Annotated[Number, Field(gt=0, le=10**9)] | None,
    "batch_size": Batch,
    "learning_rate": Annotated[Number, Field(gt=0)],
    "head_learning_rate": Annotated[Number, Field(gt=0)] | None,
    "momentum": Annotated[Number, Field(ge=0, lt=1)],
    "weight_decay": Annotated[Number, Field(ge=0)],
    "step_epochs": Annotated[Number, Field(gt=0)],
    "gamma": Annotated[Number, Field(gt=0, le=1)],
    "warmup": Annotated[Number, Field(ge=0, lt=1)],
    "label_smoothing": Annotated[Number, Field(ge=0, lt=1)],
    "mixup": Annotated[Number, Field(ge=0, le=10**6)],
    "patience": Annotated[Whole, Field(ge=1, le=10**9)] | None,
    "checkpoints": Annotated[Whole, Field(ge=1, le=10)],  # all are kept until the one opening of the test set
}
# made from Training, so that a key of the recipe is known to suites as soon as it is a field there
_TRAIN_FIELDS: dict[str, Any] = {
    field.name: (_LIMITS.get(field.name, field.type), None) for field in dataclasses.fields(Training)
}
_TrainFields = create_model("_TrainFields", __base__=_Strict, **_TRAIN_FIELDS)


class TrainModel(_TrainFields):
    """The training keys that a suite or a method's entry may set."""


class Axes(_Strict):
    """The axes that a grid or an include may write; what is null is left open."""

    dataset: _ChoiceText | Names[_ChoiceText] | None = None
    backbone: Names[str] | None = None
    weights: Names[str] | None = None
    method: Names[_ChoiceText] | None = None
    fraction: Many[Fraction] | None = None
    labels_per_class: Many[Count] | None = None
    labels: Many[Count] | None = None
    selection: Names[str] | None = None
    source: _ChoiceText | Names[_ChoiceText] | None = None
    seed: Many[Seed] | None = None
    subset_seed: Many[Seed] | None = None
    init_seed: Many[Seed] | None = None
    order_seed: Many[Seed] | None = None
    repeat: Many[Seed] | None = None
    device: Many[Annotated[str, Field(pattern=r"^(auto|cpu|mps|cuda(:[0-9]{1,4})?)$")]] | None = None
    precision: Many[Literal["fp32", "bf16", "auto"]] | None = None


class _Span(_Strict):
    low: Number
    high: Number
    log: bool = False

    @model_validator(mode="after")
    def _check(self) -> "_Span":
        if self.low >= self.high or (self.log and self.low <= 0):
            raise ValueError("low must be less than high, and more than 0 where log is true")
        if not math.isfinite(self.high - self.low):
            raise ValueError("low and high are too far apart; write a smaller range")
        return self


def _some(written: Any) -> Any:
    # before the union of _Span and list, each of whose members would have a message of its own
    if written == []:
        raise ValueError("is empty; write at least one value")
    if isinstance(written, list) and len(written) > MOST_TRIALS:
        raise ValueError(f"has {len(written):,} values, and at most {MOST_TRIALS:,} are taken; write a range, or fewer")
    return written


class TuneModel(_Strict):
    """The tuning of a suite: the same number of trials for every method."""

    trials: Annotated[Whole, Field(ge=0, le=MOST_TRIALS)]
    """None: each method runs with its defaults, once."""
    search: Literal["grid", "random", "halving"] = "random"
    space: dict[str, dict[str, Annotated[_Span | list[Any], BeforeValidator(_some)]]] = {}
    """By method, or `all` for every method: each key with the values or the range to try."""


Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{12,64}$")]


class RequireModel(_Strict):
    """The first digits, twelve or more, of the SHA-256 that data and weights must have."""

    data: dict[str, Digest] = {}
    weights: dict[str, Digest] = {}


class _Grid(Axes):
    backbone: Names[str]
    method: Names[_ChoiceText]


def _glob(written: Any) -> Any:
    # before a union, each of whose members would have a message of its own
    listed = written if isinstance(written, list) else [written]
    if not listed or any(isinstance(each, bool) or not isinstance(each, str | int | float) for each in listed):
        raise ValueError("must be text, a number, or a list of these")
    return written


class SuiteFile(_Strict):
    """A whole suite file, as YAML has it."""

    name: SuiteName
    description: Description = ""
    dataset: _ChoiceText | Names[_ChoiceText]
    image_size: Annotated[Whole, Field(ge=8, le=2048)]
    grid: _Grid
    include: Annotated[list[Axes], Field(max_length=MOST_NAMES)] = []
    exclude: Annotated[list[dict[FilterKey, Annotated[Any, BeforeValidator(_glob)]]], Field(max_length=MOST_NAMES)] = []
    train: TrainModel = TrainModel()
    tune: TuneModel | None = None
    threads: Threads | None = None
    timeout_s: Annotated[Number, Field(gt=0, le=MOST_TIMEOUT_S)] = 3600.0
    max_cells: Annotated[Whole, Field(ge=1, le=10**8)] = 1_000_000
    """Combinations of the axes that the grid and the includes may have together."""
    deterministic: bool = True
    probes: Annotated[list[str], Field(max_length=MOST_NAMES)] = []
    validation: Literal["budget", "own"] = "budget"
    require: RequireModel = RequireModel()


_CURES = {
    "missing": "is missing; write it",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list; write [a, b]",
    "too_short": "is empty; write at least one value",
    "too_long": "has {actual_length} entries, and at most {max_length} are taken; write several suites",
    "string_too_long": "must have at most {max_length} characters",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be one of {expected}",
    "string_pattern_mismatch": "must fit {pattern}",
    "model_type": "must be a mapping of keys to values",
    "dict_type": "must be a mapping of keys to values",
    "finite_number": "must be a finite number",
}
_SAY_IT_ALL = ("missing", "too_short", "too_long", "value_error")
"""Kinds of mistakes whose value need not be shown."""


def explain_all(marks: Marks, contents: Any, error: ValidationError) -> list[str]:
    """Return pydantic's mistakes as `file:line:column: key: what is wrong, what to write`, one for each place."""
    lines: dict[tuple[Any, ...], str] = {}
    for mistake in error.errors(include_url=False):
        path = written_path(contents, mistake["loc"])
        # the first of a place: pydantic has one for each member of a union that a value does not fit
        if path not in lines and path not in marks.refused:
            lines[path] = f"{marks.at(path)}: {dotted(path)}: {cure(mistake, path)}"
        if len(lines) > MOST_TOLD:
            break
    return list(lines.values())


def cure(mistake: Any, path: tuple[Any, ...]) -> str:
    """Return what is wrong and what to write, in plain words."""
    kind = mistake["type"]
    if kind == "extra_forbidden":
        return shortened(unknown("key", str(path[-1]), _known_keys(path[:-1])), str(path[-1]))
    known = _CURES.get(kind)
    text = known.format(**mistake.get("ctx", {})) if known else mistake["msg"].removeprefix("Value error, ")
    return text if kind in _SAY_IT_ALL else f"{text} (not {quoted(mistake['input'])})"


def written_path(contents: Any, loc: Iterable[Any]) -> tuple[Any, ...]:
    """Return the keys of pydantic's path that stand in the file, and the last one where it is missing there.

    In between pydantic puts the names of the members of a union.
    """
    path: list[Any] = []
    here = contents
    parts = list(loc)
    for part in parts:
        if _holds(here, part):
            path.append(part)
            here = here[part]
    # a key that is missing is the last part, and in lower case; a union's member may be called _NamedChoice
    missing = isinstance(here, dict) and any(str(part).islower() and part not in path[-1:] for part in parts[-1:])
    return (*path, parts[-1]) if missing else tuple(path)


def _holds(here: Any, part: Any) -> bool:
    return part in here if isinstance(here, dict) else isinstance(here, list) and isinstance(part, int)


def _known_keys(path: tuple[Any, ...]) -> list[str]:
    models: dict[Any, Any] = {
        "train": TrainModel,
        "tune": TuneModel,
        "grid": Axes,
        "include": Axes,
        "require": RequireModel,
    }
    return list(models.get(path[0] if path else None, SuiteFile).model_fields)
