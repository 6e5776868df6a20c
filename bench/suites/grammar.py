"""What may stand in a suite file, and what is said of a mistake."""

import dataclasses
from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model, model_validator

from bench.registry import unknown
from bench.schema import Training
from bench.suites.yaml_marks import Marks

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
Item = TypeVar("Item")
Many = Annotated[list[Item], Field(min_length=1)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0)]


class _Strict(BaseModel):
    # a cell's id is the hash of its JSON, which has neither infinity nor NaN
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class _NamedChoice(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: str


_ChoiceText = str | _NamedChoice

_LIMITS: dict[str, Any] = {
    "steps": Annotated[int, Field(ge=1)] | None,
    "epochs": Annotated[float, Field(gt=0)] | None,
    "batch_size": Annotated[int, Field(ge=2)],  # of one image batch normalisation has no variance
    "learning_rate": Annotated[float, Field(gt=0)],
    "head_learning_rate": Annotated[float, Field(gt=0)] | None,
    "momentum": Annotated[float, Field(ge=0, lt=1)],
    "weight_decay": Annotated[float, Field(ge=0)],
    "step_epochs": Annotated[float, Field(gt=0)],
    "gamma": Annotated[float, Field(gt=0, le=1)],
    "warmup": Annotated[float, Field(ge=0, lt=1)],
    "label_smoothing": Annotated[float, Field(ge=0, lt=1)],
    "mixup": Annotated[float, Field(ge=0)],
    "patience": Annotated[int, Field(ge=1)] | None,
    "checkpoints": Annotated[int, Field(ge=1, le=10)],  # all are kept until the one opening of the test set
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

    dataset: _ChoiceText | Many[_ChoiceText] | None = None
    backbone: Many[str] | None = None
    weights: Many[str] | None = None
    method: Many[_ChoiceText] | None = None
    fraction: Many[Fraction] | None = None
    labels_per_class: Many[Count] | None = None
    labels: Many[Count] | None = None
    selection: Many[str] | None = None
    source: _ChoiceText | Many[_ChoiceText] | None = None
    seed: Many[Seed] | None = None
    subset_seed: Many[Seed] | None = None
    init_seed: Many[Seed] | None = None
    order_seed: Many[Seed] | None = None
    repeat: Many[Seed] | None = None
    device: Many[Annotated[str, Field(pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")]] | None = None
    precision: Many[Literal["fp32", "bf16", "auto"]] | None = None


class _Span(_Strict):
    low: float
    high: float
    log: bool = False

    @model_validator(mode="after")
    def _check(self) -> "_Span":
        if self.low >= self.high or (self.log and self.low <= 0):
            raise ValueError("low must be less than high, and more than 0 where log is true")
        return self


def _some(written: Any) -> Any:
    # before the union of _Span and list, each of whose members would have a message of its own
    if written == []:
        raise ValueError("is empty; write at least one value")
    return written


class TuneModel(_Strict):
    """The tuning of a suite: the same number of trials for every method."""

    trials: Annotated[int, Field(ge=2, le=1000)]
    search: Literal["grid", "random", "halving"] = "random"
    space: dict[str, dict[str, Annotated[_Span | list[Any], BeforeValidator(_some)]]]
    """By method, or `all` for every method: each key with the values or the range to try."""


Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{12,64}$")]


class RequireModel(_Strict):
    """The first digits, twelve or more, of the SHA-256 that data and weights must have."""

    data: dict[str, Digest] = {}
    weights: dict[str, Digest] = {}


class _Grid(Axes):
    backbone: Many[str]
    method: Many[_ChoiceText]


class SuiteFile(_Strict):
    """A whole suite file, as YAML has it."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    description: str = ""
    dataset: _ChoiceText | Many[_ChoiceText]
    image_size: Annotated[int, Field(ge=8, le=2048)]
    grid: _Grid
    include: list[Axes] = []
    exclude: list[dict[FilterKey, Any]] = []
    train: TrainModel = TrainModel()
    tune: TuneModel | None = None
    threads: Annotated[int, Field(ge=1)] | None = None
    timeout_s: Annotated[float, Field(gt=0)] = 3600.0
    deterministic: bool = True
    probes: list[str] = []
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
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be one of {expected}",
    "string_pattern_mismatch": "must fit {pattern}",
    "model_type": "must be a mapping of keys to values",
    "dict_type": "must be a mapping of keys to values",
}


def explain_all(marks: Marks, contents: Any, error: ValidationError) -> list[str]:
    """Return pydantic's mistakes as `file:line:column: key: what is wrong, what to write`, one for each place."""
    lines: dict[tuple[Any, ...], str] = {}
    for mistake in error.errors():
        path = written_path(contents, mistake["loc"])
        key = ".".join(str(part) for part in path) or "the suite"
        # the first of a place: pydantic has one for each member of a union that a value does not fit
        lines.setdefault(path, f"{marks.at(path)}: {key}: {cure(mistake, path)}")
    return list(lines.values())


def cure(mistake: Any, path: tuple[Any, ...]) -> str:
    """Return what is wrong and what to write, in plain words."""
    kind = mistake["type"]
    if kind == "extra_forbidden":
        return unknown("key", str(path[-1]), _known_keys(path[:-1]))
    known = _CURES.get(kind)
    text = known.format(**mistake.get("ctx", {})) if known else mistake["msg"].removeprefix("Value error, ")
    return text if kind in ("missing", "too_short", "value_error") else f"{text} (not {mistake['input']!r})"


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
