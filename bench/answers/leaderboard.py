"""Many backbones on many data sets, one figure each: what is missing stays missing. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.answers.crosstab import APART, KEYS, Grid, Line, at, mean_of, metric_of, stubs_of, varies
from bench.answers.rows.columns import Figure
from bench.answers.rows.rows import Row
from bench.catalog import METHODS
from bench.errors import BenchError
from bench.records.record import Record
from bench.registry import unknown

LARGER_IS_BETTER = ("accuracy", "throughput", "mfu", "f1", "transferability")
"""In the name of a figure of which more is better; of all others less is."""
Place = tuple[tuple[str, ...], str]
"""A line and a data set."""


@dataclass(frozen=True)
class Board:
    """What a leaderboard is of."""

    metric: str = "accuracy"
    method: str | None = None
    """Null: the one that was measured for most backbones and data sets; `all`: each on lines of its own."""
    budget: str | None = None
    """The label of a budget; null: the one that was measured for most of them, of these the largest."""


SCRATCH = "scratch"


def leaderboard(rows: Sequence[Row], wanted: Board, unfinished: Sequence[Record] = ()) -> Grid:
    """Return a line for each backbone and its weights, a column for each data set, and the mean rank.

    A cell without a number says what became of it, or nothing. Ranks are over the data sets that all lines have.
    """
    figures = metric_of(rows, wanted.metric)
    measured = [row for row in rows if figures[id(row)] is not None]
    budget = wanted.budget or _usual(measured, "budget")
    there = _of_budget(measured, budget)
    method = wanted.method or _usual(there, "method")
    mine = _of_method(there, method)
    stubs = _line_keys(mine, method)
    entries = {(at(row, stubs), row.dataset): figures[id(row)] for row in mine}
    datasets = tuple(dict.fromkeys(row.dataset for row in measured))
    lines = tuple(dict.fromkeys(line for line, _ in entries))
    shared = [each for each in datasets if all((line, each) in entries for line in lines)]
    ranks = _mean_ranks(entries, lines, shared, _larger_is_better(wanted.metric))
    fates = _fates(unfinished, stubs, budget, method)

    def filled(line: tuple[str, ...]) -> Line:
        return Line(line, (ranks.get(line), *(entries.get((line, each), fates.get((line, each))) for each in datasets)))

    return Grid(
        title=f"{wanted.metric}, {'every method' if method == 'all' else method}, {budget}",
        metric=wanted.metric,
        stubs=stubs,
        heads=("mean rank", *datasets),
        lines=tuple(map(filled, sorted(lines, key=lambda line: (ranks.get(line, 0.0), -_count(entries, line))))),
        notes=_notes(shared, datasets, _others(measured, "budget", budget), _others(there, "method", method)),
    )


def _of_budget(rows: Sequence[Row], budget: str) -> list[Row]:
    found = [row for row in rows if row.budget == budget]
    if not found:
        raise BenchError(f"--budget: {unknown('budget', budget, {row.budget for row in rows})}")
    return found


def _of_method(rows: Sequence[Row], method: str) -> list[Row]:
    found = [row for row in rows if method in ("all", row.method, _plain(row.method))]
    if not found:
        raise BenchError(f"--method: {unknown('method', method, {row.method for row in rows})}")
    return found


def _larger_is_better(metric: str) -> bool:
    return any(word in metric for word in LARGER_IS_BETTER)


def _line_keys(rows: Sequence[Row], method: str) -> tuple[str, ...]:
    """Return what names a line: backbone, weights, and whatever else varies."""
    named = ("backbone", "weights", *(("method",) if method == "all" else ()))
    more = [key for key in APART if key not in (*named, "dataset", "budget") and varies(rows, key)]
    return stubs_of(rows, (*named, *more), ("dataset",))[0]


def _usual(rows: Sequence[Row], key: str) -> str:
    """Return the value that most backbones and data sets have: of several the largest budget, the simplest method.

    Training from scratch says nothing of what backbones were pre-trained to, and is taken where there is nothing else.
    """
    if not rows:
        raise BenchError("no cell has a number yet; `bench report` names the reasons")
    # Scratch is often measured at more budgets than the rest: its rows would choose the board's budget.
    rows = [row for row in rows if _plain(row.method) != SCRATCH] or rows
    pairs = {(KEYS[key](row), row.dataset, row.backbone, row.weights) for row in rows}
    counts = Counter(value for value, *_ in pairs)
    largest = {KEYS[key](row): row.n_labels for row in sorted(rows, key=lambda row: row.n_labels)}
    if key == "budget":
        return max(counts, key=lambda value: (counts[value], largest[value]))
    return max(counts, key=lambda value: (counts[value], -METHODS.position(_plain(value))))


def _plain(method: str) -> str:
    return method.partition("(")[0]


def _mean_ranks(
    entries: Mapping[Place, Figure], lines: Sequence[tuple[str, ...]], shared: Sequence[str], larger: bool
) -> dict[tuple[str, ...], float]:
    """Return the mean rank of each line over the data sets that all have; equal figures share their ranks."""
    if not shared or len(lines) < 2:
        return {}
    sign = -1 if larger else 1
    by_dataset = [
        _ranks({line: sign * (mean_of(entries[line, dataset]) or 0.0) for line in lines}) for dataset in shared
    ]
    return {line: sum(ranks[line] for ranks in by_dataset) / len(by_dataset) for line in lines}


def _ranks(values: Mapping[tuple[str, ...], float]) -> dict[tuple[str, ...], float]:
    """Return the rank of each value, 1 for the least; equal ones share the mean of their places."""
    all_values = list(values.values())

    def rank(value: float) -> float:
        return sum(other < value for other in all_values) + (all_values.count(value) + 1) / 2

    return {line: rank(value) for line, value in values.items()}


def _count(entries: Mapping[Place, Figure], line: tuple[str, ...]) -> int:
    return sum(other == line for other, _ in entries)


def _fates(unfinished: Iterable[Record], stubs: tuple[str, ...], budget: str, method: str) -> dict[Place, str]:
    """Return what became of the cells without a number, where records say as much as the lines do."""
    if not set(stubs) <= {"backbone", "weights", "method", "device", "precision"}:
        return {}
    return {
        (tuple(str(getattr(record, key)) for key in stubs), record.dataset): record.status
        for record in unfinished
        if record.budget == budget and method in ("all", record.method)
    }


def _others(rows: Sequence[Row], key: str, taken: str) -> tuple[str, ...]:
    if taken == "all":
        return ()
    return tuple(dict.fromkeys(value for row in rows if (value := KEYS[key](row)) not in (taken,)))


def _notes(
    shared: Sequence[str], datasets: Sequence[str], budgets: Sequence[str], methods: Sequence[str]
) -> tuple[str, ...]:
    """Say what the ranks are over, and what else there is to choose."""
    if not shared:
        told = "No mean rank: there is no data set that all lines have."
    elif len(shared) == len(datasets):
        told = f"The mean rank is over all {len(datasets)} data sets." if len(datasets) > 1 else ""
    else:
        told = f"The mean rank is over what all lines have: {', '.join(shared)}."
    others = [("--budget", budgets), ("--method", methods)]
    return tuple(
        note
        for note in (told, *(f"Also measured, {option}: {', '.join(found)}." for option, found in others if found))
        if note
    )
