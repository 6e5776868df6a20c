"""Reads and validates a suite file; every mistake is reported at once, with its place and its cure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bench.catalog import DATASETS, METHODS, PROBES, SELECTIONS
from bench.errors import BenchError, InvalidSuite
from bench.registry import unknown
from bench.schema import Budget, Choice, Grid, Span, Suite, Tune
from bench.suites.choices import TRAINING_KEYS, check_backbone, check_choice, check_weights
from bench.suites.grammar import Axes, SuiteFile, TuneModel, explain_all
from bench.suites.workload_suite import refuse_workloads
from bench.suites.yaml_marks import Marks, Place, load_with_marks


def suite_path(name: str) -> Path:
    """Return the file of a suite: a path, or a name in `suites/` here or beside the package."""
    folders = [Path("suites"), Path(__file__).resolve().parents[2] / "suites"]
    if name.endswith((".yaml", ".yml")):
        if not Path(name).is_file():
            raise BenchError(f"suite {name}: no such file; `bench ls suites` lists the shipped ones")
        return Path(name)
    for folder in folders:
        if (folder / f"{name}.yaml").is_file():
            return folder / f"{name}.yaml"
    if Path(name).is_dir():
        raise BenchError(f"suite {name}: a folder; give a suite's name or file (`bench report` reads a run's folder)")
    raise BenchError(unknown("suite", name, suite_names()))


def suite_names() -> list[str]:
    """Return the names of the suites here and beside the package."""
    folders = [Path("suites"), Path(__file__).resolve().parents[2] / "suites"]
    return sorted({path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.yaml")})


def read_suite(path: Path, overrides: Iterable[str] = ()) -> Suite:
    """Read and validate a suite file; `overrides` are `KEY=VALUE`, dots for nested keys, values in YAML."""
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(f"{path}: can't be read ({error}); give a UTF-8 text file") from error
    contents, marks = load_with_marks(source, str(path))
    refuse_workloads(contents, path)
    for override in overrides:
        _override(contents, marks, override)
    problems = [*marks.duplicates]
    parsed = None
    try:
        parsed = SuiteFile.model_validate(contents)
    except ValidationError as error:
        problems += explain_all(marks, contents, error)
    problems += [*name_problems(contents, marks), *_joint_problems(contents, marks)]
    problems += _tune_problems(contents, marks)
    if problems or parsed is None:
        raise InvalidSuite(problems)
    return _resolve(parsed, source)


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
    was_list = isinstance(inner.get(last), list) or parents == ["grid"]
    new = value["value"]
    inner[last] = [new] if was_list and new is not None and not isinstance(new, list) else new
    written = tuple(key.split("."))
    for path in [path for path in marks.places if path[: len(written)] == written]:
        del marks.places[path]
    for length in range(1, len(written) + 1):
        if length == len(written) or written[:length] not in marks.places:
            marks.places[written[:length]] = Place(f"--set {key}", None, None)
    if key == "train.epochs":
        contents["train"].pop("steps", None)
    if key == "train.steps":
        contents["train"].pop("epochs", None)


def name_problems(contents: Mapping[str, Any], marks: Marks) -> list[str]:
    """Return a line for each name that nobody knows, whatever else is wrong with the file."""
    problems = list(_unknown_names(contents, ("dataset",), _check_dataset, marks))
    problems += _unknown_names(contents, ("probes",), _check_probe, marks)
    includes = contents.get("include")
    listed = enumerate(includes) if isinstance(includes, list) else ()
    for path, axes in [(("grid",), contents.get("grid")), *((("include", place), axes) for place, axes in listed)]:
        if isinstance(axes, dict):
            for key, check in _CHECKS.items():
                problems += _unknown_names(axes, (*path, key), check, marks)
    return problems


def _joint_problems(contents: Mapping[str, Any], marks: Marks) -> Iterator[str]:
    """Yield what is wrong with keys together, whatever is wrong with each alone."""
    train, grid = contents.get("train"), contents.get("grid")
    if isinstance(train, dict) and train.get("steps") is not None and train.get("epochs") is not None:
        yield f"{marks.at(('train', 'epochs'))}: train.epochs: stands beside steps; write one of them"
    if isinstance(grid, dict) and all(grid.get(key) is None for key in ("fraction", "labels_per_class", "labels")):
        yield f"{marks.at(('grid',))}: grid: no label budget; write fraction: [0.01, 1.0] or labels_per_class: [5]"


def _tune_problems(contents: Mapping[str, Any], marks: Marks) -> Iterator[str]:
    """Yield a line for each method, key and value of the tuning space that can't be."""
    tune = contents.get("tune")
    spaces = tune.get("space") if isinstance(tune, dict) else None
    for method, space in spaces.items() if isinstance(spaces, dict) else ():
        for key, written in space.items() if isinstance(space, dict) else ():
            values = [written.get("low"), written.get("high")] if isinstance(written, dict) else written
            try:
                for value in values if isinstance(values, list) else [values]:
                    _check_tried(method, key, value)
            except BenchError as error:
                yield f"{marks.at(('tune', 'space', method, key))}: tune.space.{method}: {error}"


def _check_tried(method: str, key: str, value: Any) -> None:
    if method != "all":
        check_choice(METHODS, Choice(method, {key: value}))
    elif key not in TRAINING_KEYS:
        raise BenchError(unknown("training key", key, TRAINING_KEYS))
    else:
        check_choice(METHODS, Choice("finetune", {key: value}))


def _unknown_names(
    axes: Mapping[str, Any], path: tuple[Any, ...], check: Callable[[Any], None], marks: Marks
) -> Iterator[str]:
    written = axes.get(path[-1], [])
    for position, item in enumerate(written if isinstance(written, list) else [written]):
        try:
            check(item)
        except BenchError as error:
            key = ".".join(str(part) for part in path if not isinstance(part, int))
            yield f"{marks.at((*path, position))}: {key}: {error}"


def _check_dataset(item: Any) -> None:
    if (choice := _choice(item)) is not None:
        check_choice(DATASETS, choice)


def _check_method(item: Any) -> None:
    if (choice := _choice(item)) is not None:
        check_choice(METHODS, choice)


def _check_selection(item: str) -> None:
    SELECTIONS.entry(item)


def _check_probe(item: Any) -> None:
    if isinstance(item, str) and not PROBES.entry(item).optional:
        known = ", ".join(name for name in PROBES.names() if PROBES.entry(name).optional)
        raise BenchError(f"{item}: is taken in every cell, or can't be asked for; write some of {known}")


_CHECKS: dict[str, Callable[[Any], None]] = {
    "dataset": _check_dataset,
    "backbone": lambda item: check_backbone(item) if isinstance(item, str) else None,
    "weights": lambda item: check_weights(item) if isinstance(item, str) else None,
    "method": _check_method,
    "selection": lambda item: _check_selection(item) if isinstance(item, str) else None,
    "source": _check_dataset,
}
"""What is no text and no mapping with a name is left to the file's shape to refuse."""


def _choice(item: Any) -> Choice | None:
    if isinstance(item, str):
        return Choice(item)
    if isinstance(item, dict) and isinstance(item.get("name"), str):
        return Choice(item["name"], {key: value for key, value in item.items() if key != "name"})
    return None


def _choices(written: Any) -> tuple[Choice, ...]:
    listed = written if isinstance(written, list) else [] if written is None else [written]
    return tuple(
        Choice(item) if isinstance(item, str) else Choice(item.name, item.model_extra or {}) for item in listed
    )


def _resolve(parsed: SuiteFile, source: str) -> Suite:
    """Turn the parsed file into a suite."""
    datasets = _choices(parsed.dataset)
    base = _grid(parsed.grid, None, datasets)
    return Suite(
        name=parsed.name,
        description=parsed.description,
        source=source,
        grids=(base, *(_grid(axes, base, datasets) for axes in parsed.include)),
        exclude=tuple({key: _globs(value) for key, value in rule.items()} for rule in parsed.exclude),
        image_size=parsed.image_size,
        train=parsed.train.model_dump(exclude_unset=True),
        tune=_tune(parsed.tune) if parsed.tune else None,
        threads=parsed.threads,
        timeout_s=parsed.timeout_s,
        deterministic=parsed.deterministic,
        probes=tuple(dict.fromkeys(parsed.probes)),
    )


def _tune(parsed: TuneModel) -> Tune:
    def values(written: Any) -> tuple[Any, ...] | Span:
        return tuple(written) if isinstance(written, list) else Span(written.low, written.high, written.log)

    spaces = {
        method: {key: values(written) for key, written in space.items()} for method, space in parsed.space.items()
    }
    return Tune(parsed.trials, parsed.search, spaces)


def _globs(value: Any) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    return tuple(f"{item:g}" if isinstance(item, float) else str(item) for item in listed)


def _grid(axes: Axes, base: Grid | None, datasets: tuple[Choice, ...]) -> Grid:
    """Return the grid of some axes; what they leave open is taken from `base`."""
    budgets = (
        *(Budget("fraction", value) for value in axes.fraction or ()),
        *(Budget("labels_per_class", value) for value in axes.labels_per_class or ()),
        *(Budget("labels", value) for value in axes.labels or ()),
    )
    return Grid(
        datasets=_choices(axes.dataset) or datasets,
        backbones=tuple(axes.backbone or (base.backbones if base else ())),
        weights=tuple(axes.weights or (base.weights if base else ("pretrained",))),
        methods=_choices(axes.method) or (base.methods if base else ()),
        budgets=budgets or (base.budgets if base else ()),
        selections=tuple(axes.selection or (base.selections if base else ("stratified",))),
        sources=_choices(axes.source) or (base.sources if base else ()),
        seeds=tuple(axes.seed or (base.seeds if base else (0,))),
        devices=tuple(axes.device or (base.devices if base else ("auto",))),
        precisions=tuple(axes.precision or (base.precisions if base else ("fp32",))),
        subset_seeds=tuple(axes.subset_seed or (base.subset_seeds if base else (None,))),
        init_seeds=tuple(axes.init_seed or (base.init_seeds if base else (None,))),
        order_seeds=tuple(axes.order_seed or (base.order_seeds if base else (None,))),
        repeats=tuple(axes.repeat or (base.repeats if base else (0,))),
    )
