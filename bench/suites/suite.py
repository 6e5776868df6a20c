"""Reads and validates a suite file; every mistake is reported at once, with its place and its cure."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from bench.catalog import DATASETS, METHODS, PROBES, SELECTIONS
from bench.errors import BenchError, InvalidSuite
from bench.registry import Registry, unknown
from bench.schema import Budget, BudgetKind, Choice, Grid, Required, Span, Suite, Tune
from bench.suites.choices import TRAINING_KEYS, check_backbone, check_choice, check_weights
from bench.suites.grammar import Axes, SuiteFile, TuneModel, explain_all
from bench.suites.requirements import requirement_problems
from bench.suites.workload_suite import refuse_workloads
from bench.suites.yaml_marks import Marks, Place, load_with_marks, read_suite_text

_DEFAULTS = Grid(
    datasets=(),
    backbones=(),
    weights=("pretrained",),
    methods=(),
    budgets=(),
    seeds=(0,),
    devices=("auto",),
    precisions=("fp32",),
)
"""Axes that a suite does not write."""
BUDGET_KINDS: tuple[BudgetKind, ...] = get_args(BudgetKind)
_OTHER_LENGTH = {"train.epochs": "steps", "train.steps": "epochs"}
"""A recipe has one length: `--set` of the one takes back what the file says of the other."""


def _folders() -> tuple[Path, Path]:
    """Return where suites lie: the user's own here, which come first, and the shipped ones beside the package."""
    return Path("suites"), Path(__file__).resolve().parents[2] / "suites"


def suite_path(name: str) -> Path:
    """Return the file of a suite: a path, or a name in `suites/` here or beside the package."""
    if name.endswith((".yaml", ".yml")):
        if not Path(name).is_file():
            raise BenchError(f"suite {name}: no such file; `bench ls suites` lists the shipped ones")
        return Path(name)
    for folder in _folders():
        if (folder / f"{name}.yaml").is_file():
            return folder / f"{name}.yaml"
    if Path(name).is_dir():
        raise BenchError(f"suite {name}: a folder; give a suite's name or file (`bench report` reads a run's folder)")
    raise BenchError(unknown("suite", name, suite_names()))


def suite_names() -> list[str]:
    """Return the names of the suites here and beside the package."""
    return sorted({path.stem for folder in _folders() if folder.is_dir() for path in folder.glob("*.yaml")})


def read_suite(path: Path, overrides: Iterable[str] = ()) -> Suite:
    """Read and validate a suite file; `overrides` are `KEY=VALUE`, dots for nested keys, values in YAML."""
    source = read_suite_text(path)
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
    # these look at the file itself, so that they speak up beside mistakes that keep pydantic from parsing it
    problems += [*name_problems(contents, marks), *_joint_problems(contents, marks)]
    problems += _tune_problems(contents, marks)
    if problems or parsed is None:
        raise InvalidSuite(problems)
    suite = _resolve(parsed, source)
    if problems := requirement_problems(suite, marks):
        raise InvalidSuite(problems)
    return suite


def _override(contents: dict[str, Any], marks: Marks, override: str) -> None:
    """Put one `--set KEY=VALUE` into the file's contents."""
    key, value = _key_and_value(override)
    *parents, last = key.split(".")
    inner = _mapping_at(contents, parents, override)
    takes_list = isinstance(inner.get(last), list) or parents == ["grid"]
    inner[last] = [value] if takes_list and value is not None and not isinstance(value, list) else value
    _mark_as_option(marks, key)
    if key in _OTHER_LENGTH:
        contents["train"].pop(_OTHER_LENGTH[key], None)


def _key_and_value(override: str) -> tuple[str, Any]:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise BenchError(f"--set {override}: write KEY=VALUE, as in --set image_size=96")
    try:
        value, _ = load_with_marks(f"value: {text}", f"--set {key}")
    except InvalidSuite as error:
        raise BenchError(f"--set {override}: the value is no YAML; quote it") from error
    return key, value["value"]


def _mapping_at(contents: dict[str, Any], path: Sequence[str], override: str) -> dict[str, Any]:
    """Return the mapping that a path leads to, made where there is none."""
    inner = contents
    for key in path:
        inner = inner.setdefault(key, {})
        if not isinstance(inner, dict):
            raise BenchError(f"--set {override}: {key} holds no keys; see the suite file")
    return inner


def _mark_as_option(marks: Marks, key: str) -> None:
    """Make the option the place of a key: what the file says there no longer counts."""
    written = tuple(key.split("."))
    for path in [path for path in marks.places if path[: len(written)] == written]:
        del marks.places[path]
    for length in range(1, len(written) + 1):
        if length == len(written) or written[:length] not in marks.places:
            marks.places[written[:length]] = Place(f"--set {key}", None, None)


def name_problems(contents: Mapping[str, Any], marks: Marks) -> list[str]:
    """Return a line for each name that nobody knows, whatever else is wrong with the file."""
    problems = list(_unknown_names(contents, ("dataset",), _CHECKS["dataset"], marks))
    problems += _unknown_names(contents, ("probes",), _check_probe, marks)
    for path, axes in _written_axes(contents):
        for key, check in _CHECKS.items():
            problems += _unknown_names(axes, (*path, key), check, marks)
    return problems


def _written_axes(contents: Mapping[str, Any]) -> Iterator[tuple[tuple[Any, ...], Mapping[str, Any]]]:
    """Yield the grid and each include with the path to it."""
    includes = contents.get("include")
    yield ("grid",), _mapping(contents.get("grid"))
    for place, axes in enumerate(includes if isinstance(includes, list) else ()):
        yield ("include", place), _mapping(axes)


def _mapping(written: Any) -> Mapping[str, Any]:
    """Return a mapping of the file; an empty one where something else stands there, which the grammar refuses."""
    return written if isinstance(written, dict) else {}


def _joint_problems(contents: Mapping[str, Any], marks: Marks) -> Iterator[str]:
    """Yield what is wrong with keys together, whatever is wrong with each alone."""
    train, grid = _mapping(contents.get("train")), contents.get("grid")
    if train.get("steps") is not None and train.get("epochs") is not None:
        yield f"{marks.at(('train', 'epochs'))}: train.epochs: stands beside steps; write one of them"
    if isinstance(grid, dict) and all(grid.get(kind) is None for kind in BUDGET_KINDS):
        yield f"{marks.at(('grid',))}: grid: no label budget; write fraction: [0.01, 1.0] or labels_per_class: [5]"


def _tune_problems(contents: Mapping[str, Any], marks: Marks) -> Iterator[str]:
    """Yield a line for each method, key and value of the tuning space that can't be."""
    for method, space in _mapping(_mapping(contents.get("tune")).get("space")).items():
        for key, written in _mapping(space).items():
            try:
                for value in _tried(written):
                    _check_tried(method, key, value)
            except BenchError as error:
                yield f"{marks.at(('tune', 'space', method, key))}: tune.space.{method}: {error}"


def _tried(written: Any) -> list[Any]:
    """Return the values that are listed for a key, or the two ends of its range."""
    if isinstance(written, dict):
        return [written.get("low"), written.get("high")]
    return written if isinstance(written, list) else [written]


def _check_tried(method: str, key: str, value: Any) -> None:
    if method == "all" and key not in TRAINING_KEYS:
        raise BenchError(unknown("training key", key, TRAINING_KEYS))
    # what all methods may be given is checked with one of them: training keys are the same for each
    check_choice(METHODS, Choice("finetune" if method == "all" else method, {key: value}))


def _unknown_names(
    axes: Mapping[str, Any], path: tuple[Any, ...], check: Callable[[Any], object], marks: Marks
) -> Iterator[str]:
    written = axes.get(path[-1], [])
    for position, item in enumerate(written if isinstance(written, list) else [written]):
        try:
            check(item)
        except BenchError as error:
            key = ".".join(str(part) for part in path if not isinstance(part, int))
            yield f"{marks.at((*path, position))}: {key}: {error}"


def _check_probe(item: Any) -> None:
    if isinstance(item, str) and not PROBES.entry(item).optional:
        known = ", ".join(name for name in PROBES.names() if PROBES.entry(name).optional)
        raise BenchError(f"{item}: is taken in every cell, or can't be asked for; write some of {known}")


def _choice_of(registry: Registry) -> Callable[[Any], object]:
    """Return a check of a name with or without parameters."""

    def check(item: Any) -> None:
        if (choice := _choice(item)) is not None:
            check_choice(registry, choice)

    return check


def _text(check: Callable[[str], object]) -> Callable[[Any], object]:
    """Return a check of a name alone."""
    return lambda item: check(item) if isinstance(item, str) else None


_CHECKS: dict[str, Callable[[Any], object]] = {
    "dataset": _choice_of(DATASETS),
    "backbone": _text(check_backbone),
    "weights": _text(check_weights),
    "method": _choice_of(METHODS),
    "selection": _text(SELECTIONS.entry),
    "source": _choice_of(DATASETS),
}
"""Checks of the names on each axis. An item that can't be a name passes here: the grammar refuses it."""


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
    grid = _grid(parsed.grid, dataclasses.replace(_DEFAULTS, datasets=datasets))
    # an include without data sets has those of the suite, also where the grid has its own
    base = dataclasses.replace(grid, datasets=datasets)
    return Suite(
        name=parsed.name,
        description=parsed.description,
        source=source,
        grids=(grid, *(_grid(axes, base) for axes in parsed.include)),
        exclude=tuple({key: _globs(value) for key, value in rule.items()} for rule in parsed.exclude),
        image_size=parsed.image_size,
        train=parsed.train.model_dump(exclude_unset=True),
        tune=_tune(parsed.tune) if parsed.tune else None,
        threads=parsed.threads,
        timeout_s=parsed.timeout_s,
        deterministic=parsed.deterministic,
        probes=tuple(dict.fromkeys(parsed.probes)),
        validation=parsed.validation,
        required=Required(parsed.require.data, parsed.require.weights),
    )


def _tune(parsed: TuneModel) -> Tune:
    def values(written: Any) -> tuple[Any, ...] | Span:
        return tuple(written) if isinstance(written, list) else Span(written.low, written.high, written.log)

    spaces = {
        method: {key: values(written) for key, written in space.items()} for method, space in parsed.space.items()
    }
    return Tune(parsed.trials, parsed.search, spaces)


def _globs(value: Any) -> tuple[str, ...]:
    """Return the globs of a rule; a number is written as a cell's values are, `0.10` as `0.1`."""
    listed = value if isinstance(value, list) else [value]
    return tuple(f"{item:g}" if isinstance(item, float) else str(item) for item in listed)


def _grid(axes: Axes, base: Grid) -> Grid:
    """Return the grid of some axes; what they leave open is taken from `base`."""
    written: dict[str, Any] = {
        "datasets": _choices(axes.dataset),
        "backbones": axes.backbone,
        "weights": axes.weights,
        "methods": _choices(axes.method),
        "budgets": _budgets(axes),
        "selections": axes.selection,
        "sources": _choices(axes.source),
        "seeds": axes.seed,
        "devices": axes.device,
        "precisions": axes.precision,
        "subset_seeds": axes.subset_seed,
        "init_seeds": axes.init_seed,
        "order_seeds": axes.order_seed,
        "repeats": axes.repeat,
    }
    return dataclasses.replace(base, **{name: tuple(values) for name, values in written.items() if values})


def _budgets(axes: Axes) -> list[Budget]:
    return [Budget(kind, value) for kind in BUDGET_KINDS for value in getattr(axes, kind) or ()]
