"""Expands a suite into its ordered cells, chooses among them, and prices them. Pure."""

import dataclasses
import fnmatch
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.catalog import METHODS
from bench.errors import BenchError
from bench.schema import Cell, Choice, Grid, Precision, Suite, Training
from bench.seeding import derive
from bench.suites.choices import TRAINING_KEYS, make
from bench.suites.grammar import FILTER_KEYS
from bench.suites.search import draw

Rule = Mapping[str, Sequence[str]]
COST_ORDER = ("features", "partial", "full")


@dataclass(frozen=True)
class Resolved:
    """What must be known of the machine before cells get their identity."""

    device: Callable[[str], str]
    """Maps `auto` to what it stands for here."""
    threads: int
    precision: Callable[[str, int, str], tuple[Precision, str]]
    """What `auto` stands for here, and why, for a backbone at an image size on a device."""
    limit: int | None = None


def resolve_training(suite: Suite, method: Choice, defaults: Mapping[str, Any]) -> Training:
    """Lay the suite's keys over the method's defaults, and the method's entry in the suite over both."""
    layers = [defaults, suite.train, {key: value for key, value in method.params.items() if key in TRAINING_KEYS}]
    settled: dict[str, Any] = {}
    for layer in layers:
        if layer.get("epochs") is not None:
            settled["steps"] = None
        if layer.get("steps") is not None:
            settled["epochs"] = None
        settled |= {key: value for key, value in layer.items() if value is not None or key not in ("steps", "epochs")}
    return Training(**settled)


def expand(suite: Suite, resolved: Resolved) -> list[Cell]:
    """Return the cells of all grids, without the excluded ones and without repetitions; neighbours share features."""
    found: dict[str, Cell] = {}
    for grid in suite.grids:
        for cell in _cells_of(suite, grid, resolved):
            if not any(matches(cell, rule) for rule in suite.exclude):
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
    made = {id(choice): make(METHODS, choice) for choice in grid.methods}
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
        adapts = uses_source(method)
        if adapts and source is None:
            raise BenchError(f"{choice.label}: adapts from a labelled source; write source: [glyphs] in the grid")
        if budget.value == 0 and not adapts:
            continue  # nothing to learn from
        device = resolved.device(asked_device)
        precision, reason = (
            resolved.precision(backbone, suite.image_size, device) if asked == "auto" else (asked, "asked for")
        )
        yield Cell(
            suite=suite.name,
            dataset=dataset,
            backbone=backbone,
            weights=weights if method.uses_weights else "random",
            method=choice,
            settings={
                key: list(value) if isinstance(value, tuple) else value
                for key, value in dataclasses.asdict(method).items()
            },
            budget=budget,
            selection=selection,
            source=source if adapts else None,
            **seeds,
            device=device,
            precision=precision,
            precision_reason=reason,
            threads=resolved.threads,
            image_size=suite.image_size,
            training=resolve_training(suite, choice, method.defaults),
            trials=(trials := trials_of(suite, choice)),
            search=suite.tune.search if suite.tune and trials else None,
            deterministic=suite.deterministic,
            limit=resolved.limit,
            timeout_s=suite.timeout_s,
            probes=suite.probes,
        )


def _seeds_of(grid: Grid) -> list[dict[str, Any]]:
    """Return what chance hangs on in each cell of a grid; a seed that is as `seed` is left to that."""
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
    """Return what is tried for a method: the same for every cell of it; nothing where its space is empty."""
    if suite.tune is None:
        return ()
    shared = {} if is_solved(method) else suite.tune.spaces.get("all", {})
    space = {**shared, **suite.tune.spaces.get(method.name, {})}
    return draw(space, suite.tune.trials, suite.tune.search, derive("trials", suite.name, method.label))


def _values(cell: Cell) -> dict[str, tuple[str, ...]]:
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


def matches(cell: Cell, rule: Rule) -> bool:
    """Say whether each key of a rule has a glob that fits the cell."""
    values = _values(cell)
    return all(
        any(fnmatch.fnmatchcase(value, glob) for glob in globs for value in values.get(key, ()))
        for key, globs in rule.items()
    )


def parse_filter(text: str) -> Rule:
    """Read `KEY=GLOB[,GLOB]`."""
    key, equals, globs = text.partition("=")
    if not equals or key not in FILTER_KEYS or not globs:
        raise BenchError(f"--filter {text}: write KEY=GLOB[,GLOB] with a key of {', '.join(FILTER_KEYS)}")
    return {key: tuple(glob.strip() for glob in globs.split(","))}


def select(cells: Sequence[Cell], filters: Sequence[Rule]) -> list[Cell]:
    """Return the cells that all filters hold for; none at all is an error."""
    chosen = [cell for cell in cells if all(matches(cell, rule) for rule in filters)]
    if not chosen:
        asked = ", ".join(f"{key}={','.join(globs)}" for rule in filters for key, globs in rule.items())
        raise BenchError(f"--filter {asked}: fits none of the {len(cells)} cells; `bench plan` lists them")
    return chosen


@dataclass(frozen=True)
class Speed:
    """What one batch costs a backbone here, measured before the run."""

    step_s: float
    """Forward, backward and update of `batch` images."""
    forward_s: float
    batch: int
    train_images: int
    test_images: int


FIXED_S = {"features": 1.5, "partial": 2.0, "full": 2.0}
"""Seconds that a cell takes beside its steps: fork, build, read, solve. Corrected by the cells that are done."""
PROFILE_S = 1.5
PROFILE_STEPS = 30
"""What a profile takes: some seconds, and steps."""
CORRUPTED, MOST_CORRUPTED = 20, 20_000
"""How often the corruptions look at the test set, and at how many images at most."""
PARTIAL_SHARE = 0.6
"""A step of partial fine-tuning over one of full fine-tuning, before any has been seen."""


def cost_of(cell: Cell) -> str:
    """Return what a step of the cell's method works on."""
    cost: str = METHODS.entry(cell.method.name).load().cost
    return cost


def price(cell: Cell, speed: Speed) -> float:
    """Return the seconds that a cell is expected to take, shared features aside."""
    cost = cost_of(cell)
    if cost == "features":
        return _runs(cell) * FIXED_S[cost]
    labels = _expected_labels(cell, speed.train_images)
    batch = min(cell.training.batch_size, labels)
    steps = cell.training.steps or max(1, round((cell.training.epochs or 1) * labels / batch))
    # a batch of the source takes one of the target along
    share = PARTIAL_SHARE if cost == "partial" else 2 if cell.source else 1
    step = speed.step_s * batch / speed.batch * share
    seen = cell.training.checkpoints * (speed.test_images + labels / 5)
    training = _runs(cell) * (FIXED_S[cost] + steps * step + seen * speed.forward_s / speed.batch)
    return training + corruption_price(cell, speed)


def corruption_price(cell: Cell, speed: Speed) -> float:
    """Return the seconds for looking at corrupted test images, where that is asked for."""
    seen = min(CORRUPTED * speed.test_images, MOST_CORRUPTED) if "corruptions" in cell.probes else 0
    return seen * speed.forward_s / speed.batch


def _runs(cell: Cell) -> float:
    """How many trainings a cell is, trials included; a rung of successive halving is as long as one or two of them."""
    count = len(cell.trials)
    if count == 0:
        return 1
    return 1 + (2 * math.log2(count) if cell.search == "halving" else count)


def extraction_price(cells: Sequence[Cell], speed: Speed) -> float:
    """Return the seconds for the frozen features that cells of one backbone share: one pass, or one per random seed."""
    frozen = [cell for cell in cells if cost_of(cell) == "features"]
    networks = {
        (cell.weights, cell.seeds.init if cell.weights == "random" else None, cell.precision) for cell in frozen
    }
    passes = (speed.train_images + speed.test_images) * speed.forward_s / speed.batch
    return len(networks) * (passes + max((corruption_price(cell, speed) for cell in frozen), default=0.0))


def profile_kind(cell: Cell, train_images: int) -> tuple[str, int]:
    """Return what cells of one backbone and data set have in common that share a profile: method and batch."""
    return cell.method.label, min(cell.training.batch_size, _expected_labels(cell, train_images))


def profile_price(cells: Sequence[Cell], speed: Speed) -> float:
    """Return the seconds for what is measured once for cells alike."""
    alike = {profile_kind(cell, speed.train_images): cell for cell in cells}
    return math.fsum(
        PROFILE_S if cost_of(cell) == "features" else PROFILE_S + PROFILE_STEPS * speed.step_s * batch / speed.batch
        for (_, batch), cell in alike.items()
    )


def _expected_labels(cell: Cell, train_images: int) -> int:
    """At least two; of a source there are as many, for want of a better guess, as images to train on."""
    budget = cell.budget
    if cell.source is not None:
        return train_images
    if budget.kind == "fraction":
        return max(2, round(budget.value * train_images))
    return min(train_images, int(budget.value) * (10 if budget.kind == "labels_per_class" else 1))
