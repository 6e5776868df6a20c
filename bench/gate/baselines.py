"""Baselines: one side of a comparison, kept as a small sorted file in which `git diff` shows what changed.

The first line says what it is. Then comes a line for each set of conditions, which cells name by its hash, and then a
line per cell.
"""

import datetime
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NotRequired

from pydantic import Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from bench.errors import BenchError
from bench.gate.quantities import QUANTITIES, counter
from bench.gate.samples import Sample, Side, keyed, told_apart_by
from bench.machine.reading import GIB, MIB, Unfit, opened, parse, problem_in, quoted, read_bytes
from bench.machine.writing import sweep, write_atomically
from bench.records.field_types import CONDITIONS, CONFIG, Count, Name, Number, Text
from bench.schema import canonical_json, content_hash

VERSION = 1
FOLDER = Path("results/baselines")
OWN = ("subset",)
"""Conditions that differ from cell to cell: they stand in its own line."""
DAMAGED = "take it from version control again, or save it anew with --force"
FILE = 2 * GIB
"""Bytes of a baseline at most: two million cells."""
HEAD = MIB
"""Bytes of its first line at most."""


@with_config(CONFIG)
class _Header(TypedDict):
    baseline: Text
    commit: Text | None
    machine: Text
    made_at: Text | None
    repeats: Name


@with_config(CONFIG)
class _Shared(TypedDict):
    conditions: Name
    values: CONDITIONS


@with_config(CONFIG)
class _Cell(TypedDict):
    cell: list[Annotated[list[Text], Field(min_length=2, max_length=2)]]
    conditions: Name
    figures: dict[Text, Number]
    own: CONDITIONS
    seed: Count
    kept: NotRequired[CONDITIONS]


HEADER: TypeAdapter[Any] = TypeAdapter(_Header)
SHARED: TypeAdapter[Any] = TypeAdapter(_Shared)
CELL: TypeAdapter[Any] = TypeAdapter(_Cell)


def path_of(name: str, folder: Path = FOLDER) -> Path:
    """Return the file of a baseline; a name that could lead elsewhere is refused."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
        raise BenchError(f"baseline {name!r}: write letters, digits, dots, dashes and underscores, as in v1.2")
    return folder / f"{name}.jsonl"


def names(folder: Path = FOLDER) -> list[str]:
    """Return the baselines of a folder, sorted."""
    return sorted(path.stem for path in folder.glob("*.jsonl")) if folder.is_dir() else []


def save(side: Side, name: str, force: bool, folder: Path = FOLDER) -> Path:
    """Write a side's cells that have figures and return the file; an existing one is replaced only by force."""
    path = path_of(name, folder)
    if path.exists() and not force:
        raise BenchError(f"baseline {name}: is there already; give another name, or --force to replace it")
    if not any(sample.figures for sample in side.samples):
        raise BenchError(f"{side.title}: no cell has a figure, so there is nothing to keep as a baseline; run it first")
    saved_at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    sweep(folder)
    write_atomically(path, "".join(f"{canonical_json(line)}\n" for line in lines_of(side, name, saved_at)))
    return path


def lines_of(side: Side, name: str, saved_at: str) -> Iterator[dict[str, Any]]:
    """Yield a side as the objects of its lines."""
    yield {
        "baseline": name,
        "baseline_version": VERSION,
        "commit": side.commit,
        "machine": side.machine,
        "made_at": side.made_at,
        "repeats": side.repeats,
        "saved_at": saved_at,
        "saved_from": side.title,
    }
    kept = [sample for sample in side.samples if sample.figures]
    shared = [_shared(sample) for sample in kept]
    keys = [content_hash(each)[:12] for each in shared]
    for key, conditions in sorted(dict(zip(keys, shared, strict=True)).items()):
        yield {"conditions": key, "values": conditions}
    cells = [_cell(sample, key) for sample, key in zip(kept, keys, strict=True)]
    yield from sorted(cells, key=lambda cell: (_in_order(cell["cell"]), cell["seed"], cell["conditions"]))


def _shared(sample: Sample) -> dict[str, Any]:
    """Return the conditions that cells may share."""
    return {name: each for name, each in sample.conditions.items() if name not in OWN}


def _cell(sample: Sample, key: str) -> dict[str, Any]:
    """Return a cell's line; `key` is the hash of the conditions that it shares."""
    return {
        "cell": [list(part) for part in sample.name],
        "conditions": key,
        "figures": dict(sample.figures),
        "own": {name: each for name, each in sample.conditions.items() if name in OWN},
        "seed": sample.seed,
        **({"kept": dict(sample.kept)} if sample.kept else {}),
    }


def _in_order(cell: list[list[str]]) -> list[list[tuple[int, str]]]:
    """Return a key that sorts numbers in names by their value: 5 per class before 10 per class."""
    return [
        [(int(part) if part.isdecimal() else -1, part) for part in re.split(r"([0-9]+)", f"{key} {value}")]
        for key, value in cell
    ]


def read(path: Path) -> Side:
    """Return a baseline as a side; anything else is refused with what was wrong."""
    try:
        return _side(_lines(path))
    except _TooNew as error:
        raise BenchError(f"{path}: {error}") from error
    except Unfit as error:
        raise BenchError(f"{path}: {error}; {DAMAGED}") from error


class _TooNew(Exception):
    """A baseline of a version that this one can't read."""


def _lines(path: Path) -> list[Any]:
    """Return the objects of a baseline's lines, the first of which says that it is one."""
    lines = read_bytes(path, FILE).splitlines()
    try:
        header = parse(lines[0]) if lines else None
    except Unfit as error:
        raise Unfit(f"no baseline: {error}") from error
    if not isinstance(header, dict) or type(version := header.get("baseline_version")) is not int:
        raise Unfit("no baseline (its first line says no baseline_version)")
    if version > VERSION:
        raise _TooNew(f"baseline version {quoted(version)} is newer than {VERSION}; upgrade transferbench")
    if problem := problem_in(HEADER, header):
        raise Unfit(f"damaged (line 1: {problem})")
    found = [header]
    for number, line in enumerate(lines[1:], start=2):
        try:
            found.append(parse(line))
            problem = problem_in(SHARED if "values" in found[-1] else CELL, found[-1])
        except (Unfit, TypeError) as error:
            raise Unfit(f"damaged (line {number}: {error})") from error
        if problem:
            raise Unfit(f"damaged (line {number}: {problem})")
    return found


def _side(lines: list[Any]) -> Side:
    header, *rest = lines
    shared = {line["conditions"]: line["values"] for line in rest if "values" in line}
    return Side(
        title=header["baseline"],
        samples=tuple(_sample(line, shared) for line in rest if "values" not in line),
        made_at=header["made_at"],
        commit=header["commit"],
        machine=header["machine"],
        repeats=header["repeats"],
    )


def _sample(line: Mapping[str, Any], shared: Mapping[str, Mapping[str, Any]]) -> Sample:
    if line["conditions"] not in shared:
        raise Unfit(f"damaged (no line has the conditions {quoted(line['conditions'])})")
    for name, value in line["figures"].items():
        low, high = (QUANTITIES.get(name) or counter(name)).within
        if not low <= value <= high:
            raise Unfit(f"damaged ({name} is {value!r}: it lies within {low:g} and {high:g})")
    return Sample(
        name=tuple((key, value) for key, value in line["cell"]),
        seed=line["seed"],
        status="ok",
        reason=None,
        conditions={**shared[line["conditions"]], **line["own"]},
        figures={name: float(value) for name, value in line["figures"].items()},
        kept=dict(line.get("kept", {})),
    )


def listed(folder: Path = FOLDER) -> list[Side]:
    """Return all baselines of a folder, in the order in which they were measured.

    What is none is told in a warning, and hides no other.
    """
    found = []
    for name in names(folder):
        try:
            side = read(folder / f"{name}.jsonl")
            keyed(side, told_apart_by(side))  # two cells of one name can't be told apart by anybody
            found.append(side)
        except BenchError as error:
            warnings.warn(f"{error}; it is left out", stacklevel=3)
    return sorted(found, key=lambda side: (side.made_at or "", side.title))


def is_baseline(path: Path) -> bool:
    """Say whether a file begins as a baseline does."""
    try:
        with opened(path, FILE) as stream:
            header = parse(stream.readline(HEAD))
    except Unfit:
        return False
    return isinstance(header, dict) and "baseline_version" in header
