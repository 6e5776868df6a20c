"""Cells and benchmarks as comparisons see them: a name, what it was measured under, and its figures. Pure."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bench.errors import BenchError
from bench.gate.comparability import Environment, conditions_of, machine_conditions
from bench.gate.quantities import QUANTITIES, figures_of
from bench.records.record import Record, Status
from bench.schema import Choice, canonical_json

Name = tuple[tuple[str, str], ...]
"""What a row is called: keys and values, in the order in which they are shown."""


@dataclass(frozen=True)
class Sample:
    """One cell of a run, or one benchmark of one file."""

    name: Name
    """All that names it but the seed."""
    seed: int
    """What repeats the measurement; of a benchmark it is the number of its file."""
    status: Status
    reason: str | None
    """Why it has no figures."""
    conditions: Mapping[str, Any]
    """JSON by the name of the condition."""
    figures: Mapping[str, float]
    kept: Mapping[str, Any] = field(default_factory=dict)
    """JSON by name that others' benchmarks keep beside their times: shown, and judged only where a limit names it."""

    @property
    def label(self) -> str:
        """One line."""
        return f"{label(self.name)} seed {self.seed}"


@dataclass(frozen=True)
class Side:
    """One of the two things that are compared."""

    title: str
    """What the user called it."""
    samples: tuple[Sample, ...]
    made_at: str | None
    """ISO 8601: when the last of it was measured."""
    commit: str | None
    machine: str
    """In words."""
    repeats: str = "seed"
    """What `Sample.seed` counts."""

    @property
    def figures(self) -> set[str]:
        """The names of all figures that a sample has."""
        return {name for sample in self.samples for name in sample.figures}

    @property
    def counters(self) -> set[str]:
        """The figures that the catalogue does not have: counts from a benchmark file."""
        return self.figures - QUANTITIES.keys()

    @property
    def namable(self) -> set[str]:
        """What is no figure, but is where a limit names it: the numbers that others' benchmarks keep."""
        return {name for sample in self.samples for name in sample.kept if kept_number(sample, name) is not None}

    def judged_by(self, names: Iterable[str]) -> "Side":
        """Return the side with some of what its benchmarks keep as figures; what was measured stays what it is."""
        wanted = list(names)
        samples = []
        for sample in self.samples:
            found = {name: kept_number(sample, name) for name in wanted}
            named = {name: value for name, value in found.items() if value is not None}
            samples.append(replace(sample, figures={**named, **sample.figures}))
        return replace(self, samples=tuple(samples))


LARGEST = 1e100
"""No figure is larger: what is would break sums and squares, and was never measured."""


def finite(value: Any) -> float:
    """Return a figure of a file; raise `ValueError` where it is no number, or one that nobody can have measured."""
    # text is no number, also where it looks like one; yes and no are numbers to Python
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) <= LARGEST:
        raise ValueError(f"{shortened(value)} is no figure")
    return float(value)


def kept_number(sample: Sample, name: str) -> float | None:
    """Return a number that a benchmark keeps beside its times; null where it keeps none by that name."""
    try:
        return finite(sample.kept.get(name))
    except ValueError:
        return None


def shortened(value: Any, most: int = 40) -> str:
    """Return any JSON as one line of a few characters."""
    text = printable(value if isinstance(value, str) else json.dumps(value))
    return text if len(text) <= most else f"{text[: most - 3]}..."


def printable(text: str) -> str:
    """Return text with what can't be printed escaped: line ends, controls, halves of surrogate pairs."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def label(name: Name, known: Name = ()) -> str:
    """Return a row's name as one line, without the parts that are known already; nothing for the row of all."""
    return " ".join(part[1] for part in name if part not in known)


def shared_parts(rows: Iterable[Name]) -> Name:
    """Return the parts of their names that all rows have in common; none where there is one row."""
    several = list(dict.fromkeys(rows))
    if len(several) < 2:
        return ()
    common = set.intersection(*map(set, several))
    return tuple(part for part in several[0] if part in common)


def name_of(record: Record) -> Name:
    """Return what a record's row is called; cells whose seeds vary apart are rows of their own."""
    # what is usual stands in no name: stratified images, and one seed for everything without a repeat
    keys = {
        "dataset": Choice(record.dataset, record.dataset_params).label,
        "backbone": record.backbone,
        "weights": record.weights,
        "method": Choice(record.method, record.method_params).label,
        "source": Choice(record.source, record.source_params).label if record.source else "",
        "images": "" if record.image_selection in (None, "stratified") else str(record.image_selection),
        "budget": record.budget or "",
        "draw": "" if record.seeds == (record.seed,) * 3 + (0,) else str(record.seeds),
    }
    return tuple((key, value) for key, value in keys.items() if value)


def sample_of(record: Record, machines: Mapping[str, Mapping[str, Any]]) -> Sample:
    """Return a record as a sample; `machines` has the conditions of each environment by its key."""
    figures = figures_of(record) if record.status == "ok" else {}
    conditions = conditions_of(record, machines)
    return Sample(name_of(record), record.seed, record.status, record.reason, conditions, figures)


def side_of(title: str, records: Iterable[Record], environments: Mapping[str, Environment]) -> Side:
    """Return the records of a run as one side."""
    listed = list(records)
    keys = dict.fromkeys(record.env or "" for record in listed)
    used = {key: environments[key] for key in keys if key in environments}
    machines = {key: machine_conditions(each) for key, each in used.items()}
    commits = dict.fromkeys(str(each["commit"]) for each in used.values() if each.get("commit"))
    return Side(
        title=title,
        samples=tuple(sample_of(record, machines) for record in listed),
        made_at=max(filter(None, (record.finished_at for record in listed)), default=None),
        commit=", ".join(commits) or None,
        machine="; ".join(dict.fromkeys(map(machine_in_words, used.values()))) or "not recorded",
    )


def machine_in_words(environment: Environment) -> str:
    """Return what makes a machine fast or slow: its processor, cores and GPU."""
    gpu = environment.get("gpu")
    return f"{environment['processor']}, {environment['cores']} cores" + (f", {gpu['name']}" if gpu else "")


def keyed(side: Side, told_apart_by: Iterable[str]) -> dict[Name, dict[int, Sample]]:
    """Return a side's samples by row and seed.

    Each row's name ends with the values of the conditions `told_apart_by`, without which several samples were called
    the same; a name and seed that two samples share all the same is refused.
    """
    found: dict[Name, dict[int, Sample]] = {}
    apart = list(told_apart_by)
    for sample in side.samples:
        extra = tuple((name, _text(sample.conditions.get(name))) for name in apart)
        row = found.setdefault((*sample.name, *extra), {})
        if sample.seed in row:
            raise BenchError(f"{side.title}: two cells are called {sample.label}; which is meant can't be told")
        row[sample.seed] = sample
    return found


def rows_of(side: Side) -> dict[Name, list[Sample]]:
    """Return a side's samples by what they are called."""
    found: dict[Name, list[Sample]] = {}
    for sample in side.samples:
        found.setdefault(sample.name, []).append(sample)
    return found


def mean_of(samples: Sequence[Sample], name: str) -> float | None:
    """Return the mean of a figure over the samples that have it."""
    values = [sample.figures[name] for sample in samples if name in sample.figures]
    return math.fsum(values) / len(values) if values else None


def told_apart_by(side: Side) -> set[str]:
    """Return the conditions that differ within a side between samples of the same name and seed."""
    groups: dict[tuple[Name, int], list[Mapping[str, Any]]] = {}
    for sample in side.samples:
        groups.setdefault((sample.name, sample.seed), []).append(sample.conditions)
    return {name for group in groups.values() for name in group[0] if _vary(group, name)}


def _vary(group: Sequence[Mapping[str, Any]], name: str) -> bool:
    return len(group) > 1 and len({canonical_json(each.get(name)) for each in group}) > 1


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json(value)
