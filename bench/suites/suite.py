"""Reads and validates a suite file; every mistake is reported at once, with its place and its cure."""

import dataclasses
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from bench.errors import BenchError, InvalidSuite
from bench.machine.reading import is_regular
from bench.registry import unknown
from bench.schema import Budget, BudgetKind, Choice, Grid, Required, Span, Suite, Tune
from bench.suites.grammar import Axes, SuiteFile, TuneModel, explain_all
from bench.suites.named import mapping, name_problems
from bench.suites.overrides import override
from bench.suites.requirements import requirement_problems
from bench.suites.sizes import size_problems
from bench.suites.tune_space import tune_problems
from bench.suites.wording import one_line, shortened, told
from bench.suites.workload_suite import refuse_workloads
from bench.suites.yaml_marks import Marks, load_with_marks, read_suite_text

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


def _folders() -> tuple[Path, Path]:
    """Return where suites lie: the user's own here, which come first, and the shipped ones beside the package."""
    return Path("suites"), Path(__file__).resolve().parents[2] / "suites"


def suite_path(name: str) -> Path:
    """Return the file of a suite: a path, or a name in `suites/` here or beside the package."""
    path = Path(name)
    if name.endswith((".yaml", ".yml")):
        # what is there and can't be read is refused where it is read, which says why
        if not os.path.lexists(path):
            raise BenchError(f"suite {one_line(name)}: no such file; `bench ls suites` lists the shipped ones")
        return path
    for folder in _folders():
        if is_regular(folder / f"{name}.yaml"):
            return folder / f"{name}.yaml"
    if os.path.isdir(name):
        raise BenchError(
            f"suite {one_line(name)}: a folder; give a suite's name or file (`bench report` reads a run's folder)"
        )
    raise BenchError(one_line(shortened(unknown("suite", name, suite_names()), name)))


def suite_names() -> list[str]:
    """Return the names of the suites here and beside the package."""
    return sorted({path.stem for folder in _folders() if folder.is_dir() for path in folder.glob("*.yaml")})


def read_suite(path: Path, overrides: Iterable[str] = ()) -> Suite:
    """Read and validate a suite file; `overrides` are `KEY=VALUE`, dots for nested keys, values in YAML."""
    source = read_suite_text(path)
    contents, marks = load_with_marks(source, str(path))
    refuse_workloads(contents, path)
    for text in overrides:
        override(contents, marks, text)
    parsed, mistakes = _parse(contents, marks)
    # these look at the file itself, so that they speak up beside mistakes that keep pydantic from parsing it
    others = (name_problems(contents, marks), _joint_problems(contents, marks), tune_problems(contents, marks))
    problems = told(itertools.chain(marks.problems, mistakes, *others))
    if problems or parsed is None:
        raise InvalidSuite(problems)
    suite = _resolve(parsed, source)
    # a grid of too many cells is told first: what follows goes through it
    if problems := told(size_problems(suite, parsed.max_cells, marks)) or told(requirement_problems(suite, marks)):
        raise InvalidSuite(problems)
    return suite


def _parse(contents: dict[str, Any], marks: Marks) -> tuple[SuiteFile | None, list[str]]:
    try:
        return SuiteFile.model_validate(contents), []
    except ValidationError as error:
        return None, explain_all(marks, contents, error)


def _joint_problems(contents: Mapping[str, Any], marks: Marks) -> Iterator[str]:
    """Yield what is wrong with keys together, whatever is wrong with each alone."""
    train, grid = mapping(contents.get("train")), contents.get("grid")
    if train.get("steps") is not None and train.get("epochs") is not None:
        yield f"{marks.at(('train', 'epochs'))}: train.epochs: stands beside steps; write one of them"
    if isinstance(grid, dict) and all(grid.get(kind) is None for kind in BUDGET_KINDS):
        yield f"{marks.at(('grid',))}: grid: no label budget; write fraction: [0.01, 1.0] or labels_per_class: [5]"


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
