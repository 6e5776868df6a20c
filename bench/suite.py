"""Reads and validates a suite file; every mistake is reported at once, with its place and its cure."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bench.catalog import DATASETS, METHODS
from bench.choices import check_backbone, check_choice, check_weights
from bench.errors import BenchError, InvalidSuite
from bench.registry import unknown
from bench.schema import Budget, Choice, Grid, Suite
from bench.suite_file import SuiteFile, explain
from bench.yaml_marks import Marks, Place, load_with_marks


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
        parsed = SuiteFile.model_validate(contents)
    except ValidationError as error:
        raise InvalidSuite(
            [*marks.duplicates, *(explain(marks, contents, mistake) for mistake in error.errors())]
        ) from None
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


def _resolve(parsed: Any, source: str, marks: Marks) -> tuple[Suite, list[str]]:
    """Turn the parsed file into a suite, looking every name up; return it with all that was wrong."""
    problems: list[str] = []
    datasets = _choices(parsed.dataset, ("dataset",), marks, problems)
    base = _grid(parsed.grid, ("grid",), marks, problems, None, datasets)
    grids = [base] + [
        _grid(axes, ("include", position), marks, problems, base, datasets)
        for position, axes in enumerate(parsed.include)
    ]
    exclude = [
        {
            key: tuple(
                f"{item:g}" if isinstance(item, float) else str(item)
                for item in (value if isinstance(value, list) else [value])
            )
            for key, value in rule.items()
        }
        for rule in parsed.exclude
    ]
    train = parsed.train.model_dump(exclude_unset=True)
    if train.get("steps") and train.get("epochs"):
        problems.append(f"{marks.at(('train', 'epochs'))}: train.epochs: stands beside steps; write one of them")
    suite = Suite(
        name=parsed.name,
        description=parsed.description,
        source=source,
        grids=tuple(grids),
        exclude=tuple(exclude),
        image_size=parsed.image_size,
        train=train,
        threads=parsed.threads,
        timeout_s=parsed.timeout_s,
        deterministic=parsed.deterministic,
    )
    return suite, problems


def _grid(
    axes: Any, path: tuple[Any, ...], marks: Marks, problems: list[str], base: Grid | None, datasets: tuple[Choice, ...]
) -> Grid:
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
