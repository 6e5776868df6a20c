"""Reads and validates a suite file; every mistake is reported at once, with its place and its cure."""

import dataclasses
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model, model_validator

from bench.backbones.sources import is_checkpoint, source_of
from bench.catalog import BACKBONE_SOURCES, DATASETS, KNOWN_BACKBONES, METHODS, PRETRAINING
from bench.errors import BenchError, InvalidSuite
from bench.registry import Registry, unknown
from bench.schema import Budget, Choice, Grid, Suite, Training
from bench.yaml_marks import Marks, Place, load_with_marks

FILTER_KEYS = (
    "dataset", "backbone", "weights", "method", "fraction", "labels_per_class", "labels", "seed", "device", "precision",
)
TRAINING_KEYS = frozenset(field.name for field in dataclasses.fields(Training))


def _many(item: Any) -> Any:
    return Annotated[list[item], Field(min_length=1)]


Fraction = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False)


class _NamedChoice(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: str


_ChoiceText = str | _NamedChoice

_LIMITS: dict[str, Any] = {
    "steps": Annotated[int, Field(ge=1)] | None,
    "epochs": Annotated[float, Field(gt=0)] | None,
    "batch_size": Annotated[int, Field(ge=2)],
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
    "checkpoints": Annotated[int, Field(ge=1, le=10)],
}
_TRAIN_FIELDS: dict[str, Any] = {
    field.name: (_LIMITS.get(field.name, field.type), None) for field in dataclasses.fields(Training)
}
_TrainModel = create_model("_TrainModel", __base__=_Strict, **_TRAIN_FIELDS)


class _Axes(_Strict):
    dataset: _ChoiceText | _many(_ChoiceText) | None = None  # type: ignore[valid-type]
    backbone: _many(str) | None = None  # type: ignore[valid-type]
    weights: _many(str) | None = None  # type: ignore[valid-type]
    method: _many(_ChoiceText) | None = None  # type: ignore[valid-type]
    fraction: _many(Fraction) | None = None  # type: ignore[valid-type]
    labels_per_class: _many(Count) | None = None  # type: ignore[valid-type]
    labels: _many(Count) | None = None  # type: ignore[valid-type]
    seed: _many(Annotated[int, Field(ge=0)]) | None = None  # type: ignore[valid-type]
    device: _many(Annotated[str, Field(pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")]) | None = None  # type: ignore[valid-type]
    precision: _many(Literal["fp32", "bf16"]) | None = None  # type: ignore[valid-type]


class _Grid(_Axes):
    backbone: _many(str)  # type: ignore[valid-type]
    method: _many(_ChoiceText)  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _has_budget(self) -> "_Grid":
        if not (self.fraction or self.labels_per_class or self.labels):
            raise ValueError("no label budget; write fraction: [0.01, 1.0] or labels_per_class: [5]")
        return self


class _SuiteFile(_Strict):
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    description: str = ""
    dataset: _ChoiceText | _many(_ChoiceText)  # type: ignore[valid-type]
    image_size: Annotated[int, Field(ge=8, le=2048)]
    grid: _Grid
    include: list[_Axes] = []
    exclude: list[dict[Literal[FILTER_KEYS], Any]] = []  # type: ignore[valid-type]
    train: _TrainModel = _TrainModel()  # type: ignore[valid-type]
    threads: Annotated[int, Field(ge=1)] | None = None
    timeout_s: Annotated[float, Field(gt=0)] = 3600.0
    deterministic: bool = True


def suite_path(name: str) -> Path:
    """Return the file of a suite: a path, or a name in `suites/` here or beside the package."""
    folders = [Path("suites"), Path(__file__).resolve().parent.parent / "suites"]
    if name.endswith((".yaml", ".yml")):
        if not Path(name).is_file():
            raise BenchError(f"suite {name}: no such file; `bench ls suites` lists the shipped ones")
        return Path(name)
    for folder in folders:
        if (folder / f"{name}.yaml").is_file():
            return folder / f"{name}.yaml"
    raise BenchError(unknown("suite", name, suite_names()))


def suite_names() -> list[str]:
    """Return the names of the suites here and beside the package."""
    folders = [Path("suites"), Path(__file__).resolve().parent.parent / "suites"]
    return sorted({path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.yaml")})


def read_suite(path: Path, overrides: Iterable[str] = ()) -> Suite:
    """Read and validate a suite file; `overrides` are `KEY=VALUE`, dots for nested keys, values in YAML."""
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(f"{path}: can't be read ({error}); give a UTF-8 text file") from error
    contents, marks = load_with_marks(source, str(path))
    for override in overrides:
        _override(contents, marks, override)
    try:
        parsed = _SuiteFile.model_validate(contents)
    except ValidationError as error:
        raise InvalidSuite([*marks.duplicates, *(_explain(marks, contents, mistake) for mistake in error.errors())]) from None
    suite, problems = _resolve(parsed, source, marks)
    if marks.duplicates or problems:
        raise InvalidSuite([*marks.duplicates, *problems])
    return suite


def _override(contents: dict[str, Any], marks: Marks, override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise BenchError(f"--set {override}: write KEY=VALUE, as in --set image_size=96")
    try:
        value, _ = load_with_marks(f"value: {text}", f"--set {key}")
    except InvalidSuite as error:
        raise BenchError(f"--set {override}: the value is no YAML; quote it") from error
    inner = contents
    *parents, last = key.split(".")
    for parent in parents:
        inner = inner.setdefault(parent, {})
        if not isinstance(inner, dict):
            raise BenchError(f"--set {override}: {parent} holds no keys; see the suite file")
    was_list = isinstance(inner.get(last), list)
    new = value["value"]
    inner[last] = [new] if was_list and not isinstance(new, list) else new
    marks.places[tuple(key.split("."))] = Place(f"--set {key}", None, None)
    if key == "train.epochs":
        contents["train"].pop("steps", None)
    if key == "train.steps":
        contents["train"].pop("epochs", None)


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
    "string_pattern_mismatch": "must look like {pattern}",
    "model_type": "must be a mapping of keys to values",
    "dict_type": "must be a mapping of keys to values",
}


def _explain(marks: Marks, contents: Any, mistake: Mapping[str, Any]) -> str:
    """Return pydantic's mistake as `file:line:column: key: what is wrong, what to write`."""
    loc = _written_path(contents, mistake["loc"])
    kind, context = mistake["type"], mistake.get("ctx", {})
    if kind in ("extra_forbidden", "literal_error") and mistake["loc"] and mistake["loc"][-1] in (loc[-1:] or ("",))[0:1]:
        parent = ".".join(str(part) for part in loc[:-1])
        if kind == "extra_forbidden":
            known = _known_keys(loc[:-1])
            return f"{marks.at(loc)}: {parent + '.' if parent else ''}{unknown('key', str(loc[-1]), known)}"
    cure = _CURES.get(kind)
    text = cure.format(**context) if cure else mistake["msg"].removeprefix("Value error, ")
    key = ".".join(str(part) for part in loc) or "the suite"
    given = "" if kind in ("missing", "too_short", "value_error") else f" (not {mistake['input']!r})"
    return f"{marks.at(loc)}: {key}: {text}{given}"


def _written_path(contents: Any, loc: Iterable[Any]) -> tuple[Any, ...]:
    """Return the part of pydantic's path that stands in the file; it puts the names of unions in between."""
    path: list[Any] = []
    here = contents
    parts = list(loc)
    for position, part in enumerate(parts):
        if isinstance(here, dict) and part in here or isinstance(here, list) and isinstance(part, int) and part < len(here):
            path.append(part)
            here = here[part]
        elif position == len(parts) - 1 and isinstance(part, str) and re.fullmatch(r"[a-z_]+", part) and isinstance(here, dict):
            path.append(part)
    return tuple(path)


def _known_keys(loc: tuple[Any, ...]) -> list[str]:
    model: Any = _SuiteFile
    if loc[:1] == ("train",):
        model = _TrainModel
    elif loc[:1] in (("grid",), ("include",)):
        model = _Axes
    return list(model.model_fields)


def _resolve(parsed: Any, source: str, marks: Marks) -> tuple[Suite, list[str]]:
    """Turn the parsed file into a suite, looking every name up; return it with all that was wrong."""
    problems: list[str] = []
    datasets = _choices(parsed.dataset, ("dataset",), marks, problems)
    base = _grid(parsed.grid, ("grid",), marks, problems, None, datasets)
    grids = [base] + [
        _grid(axes, ("include", position), marks, problems, base, datasets) for position, axes in enumerate(parsed.include)
    ]
    exclude = [{key: tuple(f"{item:g}" if isinstance(item, float) else str(item)
                           for item in (value if isinstance(value, list) else [value]))
                for key, value in rule.items()} for rule in parsed.exclude]
    train = parsed.train.model_dump(exclude_unset=True)
    if train.get("steps") and train.get("epochs"):
        problems.append(f"{marks.at(('train', 'epochs'))}: train.epochs: stands beside steps; write one of them")
    suite = Suite(
        name=parsed.name, description=parsed.description, source=source, grids=tuple(grids), exclude=tuple(exclude),
        image_size=parsed.image_size, train=train, threads=parsed.threads, timeout_s=parsed.timeout_s,
        deterministic=parsed.deterministic,
    )
    return suite, problems


def _grid(axes: Any, path: tuple[Any, ...], marks: Marks, problems: list[str], base: Grid | None,
          datasets: tuple[Choice, ...]) -> Grid:
    """Return the grid of some axes; what they leave open is taken from `base`."""
    own = _choices(axes.dataset, (*path, "dataset"), marks, problems) if axes.dataset else ()
    for position, name in enumerate(axes.backbone or ()):
        _check(lambda name=name: check_backbone(name), (*path, "backbone", position), marks, problems)
    for position, name in enumerate(axes.weights or ()):
        _check(lambda name=name: check_weights(name), (*path, "weights", position), marks, problems)
    methods = _choices(axes.method, (*path, "method"), marks, problems) if axes.method else ()
    budgets = (
        *(Budget("fraction", value) for value in axes.fraction or ()),
        *(Budget("labels_per_class", value) for value in axes.labels_per_class or ()),
        *(Budget("labels", value) for value in axes.labels or ()),
    )
    return Grid(
        datasets=own or datasets,
        backbones=tuple(axes.backbone or base.backbones if base else axes.backbone),
        weights=tuple(axes.weights or (base.weights if base else ("pretrained",))),
        methods=methods or (base.methods if base else ()),
        budgets=budgets or (base.budgets if base else ()),
        seeds=tuple(axes.seed or (base.seeds if base else (0,))),
        devices=tuple(axes.device or (base.devices if base else ("auto",))),
        precisions=tuple(axes.precision or (base.precisions if base else ("fp32",))),
    )


def _check(check: Any, path: tuple[Any, ...], marks: Marks, problems: list[str]) -> None:
    try:
        check()
    except BenchError as error:
        key = ".".join(str(part) for part in path if not isinstance(part, int))
        problems.append(f"{marks.at(path)}: {key}: {error}")


def _choices(written: Any, path: tuple[Any, ...], marks: Marks, problems: list[str]) -> tuple[Choice, ...]:
    """Return names with their parameters, each looked up in the catalogue and its parameters checked."""
    listed = written if isinstance(written, list) else [written]
    registry = METHODS if path[-1] == "method" else DATASETS
    found = []
    for position, item in enumerate(listed):
        choice = Choice(item) if isinstance(item, str) else Choice(item.name, dict(item.model_extra or {}))
        where = (*path, position) if isinstance(written, list) else path
        _check(lambda choice=choice: check_choice(registry, choice), where, marks, problems)
        found.append(choice)
    return tuple(found)


def check_choice(registry: Registry, choice: Choice) -> None:
    """Refuse an unknown name, an unknown parameter, and a value out of range."""
    cls = registry.entry(choice.name).load()
    own = {key: value for key, value in choice.params.items() if registry is not METHODS or key not in TRAINING_KEYS}
    training = {key: value for key, value in choice.params.items() if key not in own}
    names = [field.name for field in dataclasses.fields(cls) if field.name not in registry.entry(choice.name).params]
    for key in own:
        if key not in names:
            known = [*names, *(sorted(TRAINING_KEYS) if registry is METHODS else [])]
            raise BenchError(f"{choice.name}: {unknown('parameter', key, known)}")
    try:
        TypeAdapter(cls).validate_python({**registry.entry(choice.name).params, **_named(registry, choice), **own})
        _TrainModel.model_validate(training)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise BenchError(f"{choice.name}: {key}: {first['msg']} (not {first['input']!r})") from None


def _named(registry: Registry, choice: Choice) -> dict[str, Any]:
    """A data set that shares its class with others is told its catalogue name."""
    cls = registry.entry(choice.name).load()
    return {"name": choice.name} if any(field.name == "name" for field in dataclasses.fields(cls)) else {}


def make(registry: Registry, choice: Choice) -> Any:
    """Return the object that a catalogue name with its parameters stands for."""
    cls = registry.entry(choice.name).load()
    own = {key: value for key, value in choice.params.items() if registry is not METHODS or key not in TRAINING_KEYS}
    return TypeAdapter(cls).validate_python({**registry.entry(choice.name).params, **_named(registry, choice), **own})


def check_backbone(name: str) -> None:
    """Refuse a backbone that no source has; timm is asked only for a name that no catalogue holds."""
    prefix, colon, _ = name.partition(":")
    if colon:
        BACKBONE_SOURCES.entry(prefix)
    if name in KNOWN_BACKBONES:
        return
    source = source_of(name)
    known = source.names("*")
    if name not in known:
        raise BenchError(unknown("backbone", name, known))


def check_weights(name: str) -> None:
    """Refuse weights that are no keyword, no file and no `<objective>@<data set>`."""
    if name in ("pretrained", "random") or is_checkpoint(name):
        return
    objective, at, dataset = name.partition("@")
    if not at:
        known = ["pretrained", "random", *(f"{objective}@glyphs" for objective in PRETRAINING.names())]
        raise BenchError(f"{unknown('weights', name, known)}, or a .safetensors or .pth file")
    PRETRAINING.entry(objective)
    DATASETS.entry(dataset)
