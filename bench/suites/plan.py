"""Expands a suite into its ordered cells, and chooses among them. Pure."""

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.catalog import METHODS
from bench.errors import BenchError
from bench.schema import AskedPrecision, Budget, Cell, Choice, Grid, Precision, Suite, Training
from bench.seeding import derive
from bench.suites.choices import TRAINING_KEYS, make
from bench.suites.grammar import FILTER_KEYS
from bench.suites.own_trials import few_labels, own_trials
from bench.suites.rules import AnyOf, Rule
from bench.suites.search import draw
from bench.suites.wording import QUOTED, one_line

COST_ORDER = ("features", "partial", "full")
"""What a step of a method works on, the cheapest first: in this order the cells of a grid run."""


@dataclass(frozen=True)
class Resolved:
    """What must be known of the machine before cells get their identity."""

    device: Callable[[str], str]
    """Maps `auto` to what it stands for here."""
    threads: int
    precision: Callable[[str, int, str], tuple[Precision, str]]
    """What `auto` stands for here, and why, for a backbone at an image size on a device."""
    limit: int | None = None
    """Images that a split keeps at most; null: all."""

    def settled(self, asked: AskedPrecision, backbone: str, image_size: int, device: str) -> tuple[Precision, str]:
        """Return a precision and the reason for it; nothing is measured for one that was asked for by name."""
        return self.precision(backbone, image_size, device) if asked == "auto" else (asked, "asked for")


def resolve_training(suite: Suite, method: Choice, defaults: Mapping[str, Any]) -> Training:
    """Lay the suite's keys over the method's defaults, and the method's entry in the suite over both."""
    layers = [defaults, suite.train, {key: value for key, value in method.params.items() if key in TRAINING_KEYS}]
    settled: dict[str, Any] = {}
    for layer in layers:
        # a recipe has one length: who gives it in one way takes back what a layer below gave in the other
        for given, other in (("epochs", "steps"), ("steps", "epochs")):
            if layer.get(given) is not None:
                settled[other] = None
        settled |= {key: value for key, value in layer.items() if value is not None or key not in ("steps", "epochs")}
    return Training(**settled)


def expand(suite: Suite, resolved: Resolved) -> list[Cell]:
    """Return the cells of all grids, without the excluded ones and without repetitions; neighbours share features."""
    found: dict[str, Cell] = {}
    excluded = AnyOf(suite.exclude)
    for grid in suite.grids:
        for cell in _cells_of(suite, grid, resolved):
            if not excluded.fits(_values(cell)):
                found.setdefault(cell.cell_id, cell)
    if not found:
        raise BenchError(
            f"suite {suite.name}: the grid is empty: every cell is excluded, or has neither labels nor a source; "
            "drop a line of exclude"
        )
    return list(found.values())


def count_cells(suite: Suite) -> int:
    """Return the number of cells, which is the same on every machine; nothing is measured for it."""
    return len(expand(suite, Resolved(lambda device: device, 1, lambda *_: ("fp32", "not measured"))))


def _cells_of(suite: Suite, grid: Grid, resolved: Resolved) -> Iterable[Cell]:
    # by identity, since the parameters of a choice can't be hashed
    made = {id(choice): make(METHODS, choice) for choice in grid.methods}
    # once for all cells of a method: they share what is drawn for it
    recipes = {id(choice): _recipe(suite, choice, made[id(choice)]) for choice in grid.methods}
    methods = sorted(grid.methods, key=lambda choice: COST_ORDER.index(made[id(choice)].cost))
    axes = itertools.product(
        grid.datasets,
        grid.backbones,
        grid.weights,
        grid.devices,
        grid.precisions,
        methods,
        grid.sources or (None,),
        grid.budgets,
        grid.selections,
        _seeds_of(grid),
    )
    for dataset, backbone, weights, asked_device, asked, choice, source, budget, selection, seeds in axes:
        method = made[id(choice)]
        if not _has_labels(choice, method, source, budget):
            continue
        device = resolved.device(asked_device)
        precision, reason = resolved.settled(asked, backbone, suite.image_size, device)
        yield Cell(
            suite=suite.name,
            dataset=dataset,
            backbone=backbone,
            # what starts from nothing is one cell, however many weights the grid has
            weights=weights if method.uses_weights else "random",
            budget=budget,
            selection=selection,
            source=source if uses_source(method) else None,
            device=device,
            precision=precision,
            precision_reason=reason,
            threads=resolved.threads,
            image_size=suite.image_size,
            deterministic=suite.deterministic,
            limit=resolved.limit,
            timeout_s=suite.timeout_s,
            probes=suite.probes,
            validation=suite.validation,
            **seeds,
            **recipes[id(choice)],
        )


def _has_labels(choice: Choice, method: Any, source: Choice | None, budget: Budget) -> bool:
    """Say whether a cell has any labels to learn from; refuse a method that adapts from a source and has none."""
    if not uses_source(method):
        return budget.value != 0
    if source is None:
        raise BenchError(f"{choice.label}: adapts from a labelled source; write source: [glyphs] in the grid")
    return True


def _recipe(suite: Suite, choice: Choice, method: Any) -> dict[str, Any]:
    """Return the fields of a cell that say how its method works, defaults included."""
    parameters = dataclasses.asdict(method)
    training = resolve_training(suite, choice, method.defaults)
    own = own_trials(suite, choice, method, training)
    asked = trials_of(suite, choice)
    return {
        "method": choice,
        # lists, as JSON gives them back: a cell that was read again is equal to the one that was planned
        "settings": {key: list(value) if isinstance(value, tuple) else value for key, value in parameters.items()},
        "training": training,
        "trials": own or asked,
        "search": "short" if own else suite.tune.search if suite.tune and asked else None,
        "few_labels": few_labels(method, training) if own else {},
    }


def _seeds_of(grid: Grid) -> list[dict[str, Any]]:
    """Return the seeds of each cell of a grid, as fields of the cell.

    A part's seed that equals `seed` becomes null: with and without its own axis it is the same cell.
    """
    names = ("subset_seed", "init_seed", "order_seed")
    axes = itertools.product(grid.seeds, grid.subset_seeds, grid.init_seeds, grid.order_seeds, grid.repeats)
    return [
        {
            "seed": seed,
            "repeat": repeat,
            **{name: None if part == seed else part for name, part in zip(names, parts, strict=True)},
        }
        for seed, *parts, repeat in axes
    ]


def uses_source(method: Any) -> bool:
    """Say whether a method learns from a labelled source domain."""
    return bool(getattr(method, "uses_source", False))


def is_solved(method: Choice) -> bool:
    """Say whether a method is solved rather than trained: no training key matters to it."""
    return bool(getattr(make(METHODS, method), "solved", False))


def trials_of(suite: Suite, method: Choice) -> tuple[Mapping[str, Any], ...]:
    """Return what is tried for a method: the same for all its cells; nothing where its space is empty."""
    if suite.tune is None:
        return ()
    # the space of `all` holds training keys, which change nothing about what is solved
    shared = {} if is_solved(method) else suite.tune.spaces.get("all", {})
    space = {**shared, **suite.tune.spaces.get(method.name, {})}
    return draw(space, suite.tune.trials, suite.tune.search, derive("trials", suite.name, method.label))


def _values(cell: Cell) -> dict[str, tuple[str, ...]]:
    """Return the texts of a cell that globs are held against; where there are two, either will do."""
    budget = cell.budget
    return {
        "dataset": (cell.dataset.name,),
        "backbone": (cell.backbone,),
        "weights": (cell.weights,),
        "method": (cell.method.name, cell.method.label),
        "selection": (cell.selection,),
        "source": (cell.source.name, cell.source.label) if cell.source else (),
        "seed": (str(cell.seed),),
        "subset_seed": (str(cell.seeds.subset),),
        "init_seed": (str(cell.seeds.init),),
        "order_seed": (str(cell.seeds.order),),
        "repeat": (str(cell.repeat),),
        "device": (cell.device,),
        "precision": (cell.precision,),
        budget.kind: (f"{budget.value:g}", str(budget.value)),
    }


def parse_filter(text: str) -> Rule:
    """Read `KEY=GLOB[,GLOB]`."""
    key, equals, globs = text.partition("=")
    if not equals or key not in FILTER_KEYS or not globs:
        said = one_line(text, 2 * QUOTED)
        raise BenchError(f"--filter {said}: write KEY=GLOB[,GLOB] with a key of {', '.join(FILTER_KEYS)}")
    return {key: tuple(glob.strip() for glob in globs.split(","))}


def select(cells: Sequence[Cell], filters: Sequence[Rule]) -> list[Cell]:
    """Return the cells that all filters hold for; none at all is an error."""
    rules = [AnyOf([rule]) for rule in filters]
    chosen = [cell for cell in cells if all(rule.fits(_values(cell)) for rule in rules)]
    if not chosen:
        asked = ", ".join(f"{key}={','.join(globs)}" for rule in filters for key, globs in rule.items())
        said = one_line(asked, 2 * QUOTED)
        raise BenchError(f"--filter {said}: fits none of the {len(cells)} cells; `bench plan` lists them")
    return chosen
