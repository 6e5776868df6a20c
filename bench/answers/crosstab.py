"""Tables of the user's choice: any figure of the rows, laid out by any of their keys. Pure."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.answers.rows.columns import Figure, figures_of
from bench.answers.rows.rows import Row
from bench.answers.verdicts import Verdict, Verdicts, questions_told
from bench.catalog import METHODS
from bench.errors import BenchError
from bench.registry import unknown
from bench.statistics.intervals import Estimate

KEYS: Mapping[str, Callable[[Row], str]] = {
    "dataset": lambda row: row.dataset,
    "backbone": lambda row: row.backbone,
    "weights": lambda row: row.weights,
    "method": lambda row: row.method,
    "setting": lambda row: row.setting,
    "source": lambda row: row.source or "none",
    "selection": lambda row: row.image_selection,
    "budget": lambda row: row.budget,
    "labels": lambda row: f"{row.n_labels:,}",
    "device": lambda row: row.device,
    "precision": lambda row: row.precision,
    "machine": lambda row: row.machine,
    "variant": lambda row: f"#{row.variant}",
}
"""What rows may be laid out by, the most general first."""
SAID_BY: Mapping[str, tuple[str, ...]] = {
    "setting": ("method", "weights", "source", "selection"),
    "budget": ("labels",),
    "labels": ("budget",),
}
"""Keys that another one tells as well."""
FIRST = "(first)"
"""What stands in place of a difference of a figure with itself."""
Figures = Mapping[int, Figure]
"""The figure of each row, by the row's identity."""
APART = tuple(key for key in KEYS if key not in ("setting", "labels", "variant"))
"""The keys that tell rows apart; the variant does where they don't."""


@dataclass(frozen=True)
class Line:
    """A line of a table: what it stands for, and what is in it."""

    labels: tuple[str, ...]
    entries: tuple[Figure | Verdict, ...]
    """Null where nothing was measured."""


@dataclass(frozen=True)
class Grid:
    """A table of figures, not rounded yet."""

    title: str
    metric: str
    stubs: tuple[str, ...]
    """What the labels of the lines are."""
    heads: tuple[str, ...]
    """One for each entry of a line."""
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """How a table is laid out."""

    rows: tuple[str, ...] = ("backbone", "setting")
    columns: tuple[str, ...] = ("budget",)
    metric: str = "accuracy"


@dataclass(frozen=True)
class Pivot:
    """Rows that differ in one key alone, side by side."""

    between: str
    values: tuple[str, ...] = ()
    """Which ones, the first to be held against; empty: all there are, in their usual order."""


def keys_named(option: str, text: str) -> tuple[str, ...]:
    """Read the keys of an option; refuse one that is none with the nearest."""
    keys = tuple(part.strip() for part in text.split(",") if part.strip())
    for key in keys:
        if key not in KEYS:
            raise BenchError(f"{option}: {unknown('key', key, KEYS)}")
    return keys


def pivot_named(text: str) -> Pivot:
    """Read `between=KEY` or `between=KEY:VALUE,VALUE`."""
    word, equals, rest = text.partition("=")
    key, _, values = rest.partition(":")
    if word != "between" or not equals:
        raise BenchError(f"--pivot {text}: write between=KEY or between=KEY:VALUE,VALUE, as in between=method")
    (found,) = keys_named("--pivot", key) or (None,)
    if found is None:
        raise BenchError(f"--pivot {text}: name a key, as in between=method")
    return Pivot(found, tuple(part.strip() for part in values.split(",") if part.strip()))


def crosstab(rows: Sequence[Row], layout: Layout) -> tuple[Grid, ...]:
    """Return a table for each combination of the keys that vary and are asked for neither as row nor as column."""
    figures = metric_of(rows, layout.metric)
    measured = [row for row in rows if figures[id(row)] is not None]
    stubs, facets = stubs_of(measured, layout.rows, layout.columns)
    return tuple(_grid(mine, layout, stubs, title, figures) for title, mine in _parted(measured, facets).items())


def _grid(rows: Sequence[Row], layout: Layout, stubs: tuple[str, ...], title: str, figures: Figures) -> Grid:
    lines = _values(rows, stubs)
    columns = _values(rows, layout.columns)
    there = {(at(row, stubs), at(row, layout.columns)): figures[id(row)] for row in rows}
    return Grid(
        title=f"{layout.metric}{title}",
        metric=layout.metric,
        stubs=stubs,
        heads=tuple(", ".join(column) or layout.metric for column in columns),
        lines=tuple(Line(line, tuple(there.get((line, column)) for column in columns)) for line in lines),
    )


def pivot(rows: Sequence[Row], wanted: Pivot, metric: str, verdicts: Verdicts) -> Grid:
    """Return a table with a column for each value of a key, and what tells each from the first in its line.

    A line holds rows that differ in nothing else. Accuracies are compared image by image and seed by seed, and answered
    as everywhere else; of any other figure the ratio of the means is given, and nothing is tested.
    """
    figures = metric_of(rows, metric)
    measured = [row for row in rows if figures[id(row)] is not None]
    stubs = _keys_beside(measured, wanted.between)
    value_of = _value_of(measured, stubs, wanted.between)
    values = _chosen_values([value_of[id(row)] for row in _ordered(measured, (wanted.between,))], wanted)
    groups = _side_by_side(measured, stubs, value_of, values)
    several = {line: group for line, group in groups.items() if len(group) > 1}
    if not several:
        raise BenchError(f"--pivot between={wanted.between}: no two rows differ in nothing but their {wanted.between}")
    compared = _compared(several, values, metric, verdicts, figures)

    def filled(line: tuple[str, ...], group: Mapping[str, Row]) -> Line:
        own = (figures[id(group[value])] if value in group else None for value in values)
        return Line(line, (*own, *(compared.get((line, value)) for value in values[1:])))

    told = "minus" if metric == "accuracy" else "over"
    return Grid(
        title=f"{metric} by {wanted.between}",
        metric=metric,
        stubs=stubs,
        heads=(*values, *(f"{value} {told} the first" for value in values[1:])),
        lines=tuple(filled(line, group) for line, group in several.items()),
        notes=_pivot_notes(metric, len(groups) - len(several), wanted.between, compared.values()),
    )


def _keys_beside(rows: Sequence[Row], between: str) -> tuple[str, ...]:
    """Return the keys that tell lines apart; the backbone where nothing else varies."""
    told = _told((between,))
    return tuple(key for key in APART if key not in told and varies(rows, key)) or ("backbone",)


def _side_by_side(
    rows: Sequence[Row], stubs: tuple[str, ...], value_of: Mapping[int, str], values: Sequence[str]
) -> dict[tuple[str, ...], dict[str, Row]]:
    """Return for each line its rows by their value of the key."""
    groups: dict[tuple[str, ...], dict[str, Row]] = {}
    for row in _ordered(rows, stubs):
        if value_of[id(row)] in values:
            groups.setdefault(at(row, stubs), {})[value_of[id(row)]] = row
    return groups


def _value_of(rows: Sequence[Row], stubs: Sequence[str], between: str) -> dict[int, str]:
    """Return each row's value of a key, with its variant where a line would hold several rows of that value."""
    counts = Counter((at(row, stubs), KEYS[between](row)) for row in rows)
    several = {value for (_, value), count in counts.items() if count > 1}
    plain = {id(row): KEYS[between](row) for row in rows}
    return {
        id(row): f"{plain[id(row)]} #{row.variant}" if plain[id(row)] in several else plain[id(row)] for row in rows
    }


def _compared(
    groups: Mapping[tuple[str, ...], Mapping[str, Row]],
    values: Sequence[str],
    metric: str,
    verdicts: Verdicts,
    figures: Figures,
) -> dict[tuple[tuple[str, ...], str], Figure | Verdict]:
    """Hold each row of a line against the first that is there."""
    there = {line: [value for value in values if value in group] for line, group in groups.items()}
    pairs = {
        (line, value): (groups[line][value], groups[line][first])
        for line, (first, *others) in there.items()
        for value in others
    }
    found: dict[tuple[tuple[str, ...], str], Figure | Verdict] = {
        (line, first): FIRST for line, (first, *_) in there.items()
    }
    if metric == "accuracy":
        return found | {key: verdicts.of(first, second) for key, (first, second) in pairs.items()}
    return found | {key: _ratio(figures[id(first)], figures[id(second)]) for key, (first, second) in pairs.items()}


def metric_of(rows: Sequence[Row], metric: str) -> Figures:
    """Return a figure of all rows; refuse one that no row has with the nearest."""
    known: dict[str, None] = {}
    found: dict[int, Figure] = {}
    for row in rows:
        figures = figures_of(row)
        known |= {name: None for name, value in figures.items() if _is_number(value)}
        found[id(row)] = figures.get(metric)
    if not rows:
        raise BenchError("no cell has a number yet; `bench report` without a table of your own names the reasons")
    if metric not in known:
        raise BenchError(f"--metric: {unknown('metric', metric, known)}")
    return found


def _is_number(value: Figure) -> bool:
    return isinstance(value, Estimate | float | int) and not isinstance(value, bool)


def _ratio(first: Figure, second: Figure) -> float | None:
    top, bottom = mean_of(first), mean_of(second)
    return top / bottom if top is not None and bottom else None


def mean_of(figure: Figure) -> float | None:
    if isinstance(figure, Estimate):
        return figure.mean
    return float(figure) if isinstance(figure, float | int) else None


def _pivot_notes(metric: str, alone: int, between: str, compared: Iterable[Figure | Verdict]) -> tuple[str, ...]:
    notes = []
    if alone:
        notes.append(f"{alone} of the combinations have one {between} only and are left out.")
    what = "differences" if metric == "accuracy" else "ratios of the means, which are not tested,"
    notes.append(f"The {what} are against the first figure of each line.")
    told = questions_told(each for each in compared if isinstance(each, Verdict))
    if told:
        notes.append(f"Each p and interval is corrected for {told} (Holm); the interval's level stands with it.")
    return tuple(notes)


def _chosen_values(ordered: Sequence[str], wanted: Pivot) -> tuple[str, ...]:
    there = tuple(dict.fromkeys(ordered))
    for value in wanted.values:
        if value not in there:
            raise BenchError(f"--pivot: {unknown(wanted.between, value, there)}")
    return wanted.values or there


def stubs_of(
    rows: Sequence[Row], lines: tuple[str, ...], columns: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the keys of the lines, and those left for titles; the variant where rows need it."""
    told = {*_told(lines), *_told(columns)}
    facets = tuple(key for key in APART if key not in told and varies(rows, key))
    places = [at(row, (*lines, *columns, *facets)) for row in rows]
    # rows may differ in what no key tells, a setting of the recipe: else one would take the other's place
    apart = len(set(places)) < len(places) and "variant" not in told
    return (*lines, "variant") if apart else lines, facets


def _told(keys: Sequence[str]) -> set[str]:
    return {*keys, *itertools.chain.from_iterable(SAID_BY.get(key, ()) for key in keys)}


def varies(rows: Sequence[Row], key: str) -> bool:
    return len({KEYS[key](row) for row in rows}) > 1


def _parted(rows: Sequence[Row], facets: tuple[str, ...]) -> dict[str, list[Row]]:
    parts: dict[str, list[Row]] = {}
    for row in rows:
        title = "".join(f"; {key} {KEYS[key](row)}" for key in facets)
        parts.setdefault(title, []).append(row)
    return parts


def at(row: Row, keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(KEYS[key](row) for key in keys)


def _values(rows: Sequence[Row], keys: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the values of some keys, once each."""
    return list(dict.fromkeys(at(row, keys) for row in _ordered(rows, keys)))


def _ordered(rows: Sequence[Row], keys: Sequence[str]) -> list[Row]:
    """Return the rows by some keys: methods by the catalogue, budgets by their labels, others as they came."""
    first = {key: {value: place for place, value in enumerate(dict.fromkeys(map(KEYS[key], rows)))} for key in keys}

    def order(row: Row) -> tuple[tuple[int, int], ...]:
        return tuple((_order(row, key), first[key][KEYS[key](row)]) for key in keys)

    return sorted(rows, key=order)


def _order(row: Row, key: str) -> int:
    if key in ("method", "setting"):
        return METHODS.position(row.method.partition("(")[0])
    return row.n_labels if key in ("budget", "labels") else 0
