"""Baselines: one side of a comparison, kept as a small sorted file in which `git diff` shows what changed.

The first line says what it is. Then comes a line for each set of conditions, which cells name by its hash, and then a
line per cell.
"""

import datetime
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.gate.samples import Sample, Side, finite
from bench.machine.cache import write_atomically
from bench.schema import canonical_json, content_hash

VERSION = 1
FOLDER = Path("results/baselines")
OWN = ("subset",)
"""Conditions that differ from cell to cell: they stand in its own line."""
DAMAGED = "take it from version control again, or save it anew with --force"


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
        header, *rest = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        version = int(header["baseline_version"])
    except OSError as error:
        raise BenchError(f"{path}: can't be read ({error.strerror}); give a run, a baseline or its file") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BenchError(f"{path}: no baseline ({error}); {DAMAGED}") from error
    if version > VERSION:
        raise BenchError(f"{path}: baseline version {version} is newer than {VERSION}; upgrade transferbench")
    try:
        return _side(header, rest)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BenchError(f"{path}: damaged ({error!r}); {DAMAGED}") from error


def _side(header: Mapping[str, Any], lines: list[dict[str, Any]]) -> Side:
    shared = {line["conditions"]: line["values"] for line in lines if "values" in line}
    samples = [
        Sample(
            name=tuple((str(key), str(value)) for key, value in line["cell"]),
            seed=int(line["seed"]),
            status="ok",
            reason=None,
            conditions={**shared[line["conditions"]], **line["own"]},
            figures={name: finite(value) for name, value in line["figures"].items()},
            kept=dict(line.get("kept", {})),
        )
        for line in lines
        if "cell" in line
    ]
    return Side(
        title=str(header["baseline"]),
        samples=tuple(samples),
        made_at=header["made_at"],
        commit=header["commit"],
        machine=str(header["machine"]),
        repeats=str(header["repeats"]),
    )


def listed(folder: Path = FOLDER) -> list[Side]:
    """Return all baselines of a folder, in the order in which they were measured."""
    return sorted(
        (read(path_of(name, folder)) for name in names(folder)), key=lambda side: (side.made_at or "", side.title)
    )


def is_baseline(path: Path) -> bool:
    """Say whether a file begins as a baseline does."""
    try:
        with path.open(encoding="utf-8") as stream:
            return "baseline_version" in json.loads(stream.readline())
    except (OSError, ValueError, TypeError):
        return False
