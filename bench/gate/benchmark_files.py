"""JSON files of pytest-benchmark as one side of a comparison: each file is one repetition of the measurement.

The rounds within a file share one process, and with it the bias of that process: they repeat nothing.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.gate.comparability import NEEDED_BY, machine_conditions
from bench.gate.samples import Sample, Side, finite, machine_in_words

ENVIRONMENT = "bench_environment"
"""Key of `machine_info` under which this project's benchmarks keep what `bench env` prints."""
TIMES = ("min", "median")


def is_benchmark_file(path: Path) -> bool:
    """Say whether a file is one that pytest-benchmark wrote."""
    try:
        contents = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(contents, dict) and {"benchmarks", "machine_info"} <= contents.keys()


def read_benchmarks(title: str, paths: Sequence[Path]) -> Side:
    """Return one or several files as a side, in the order given."""
    read = [_contents(path) for path in paths]
    samples = [sample for number, each in enumerate(read) for sample in _samples(each, number, str(paths[number]))]
    commits = dict.fromkeys(filter(None, map(_commit, read)))
    machines = dict.fromkeys(_machine(each["machine_info"]) for each in read)
    return Side(
        title=title,
        samples=tuple(samples),
        made_at=max((str(each["datetime"]) for each in read if each.get("datetime")), default=None),
        commit=", ".join(commits) or None,
        machine="; ".join(machines),
        repeats="file",
    )


def _contents(path: Path) -> dict[str, Any]:
    """Return what a file of pytest-benchmark holds; other files are refused."""
    if not is_benchmark_file(path):
        raise BenchError(f"{path}: no JSON of pytest-benchmark; write one with pytest --benchmark-json={path}")
    contents: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return contents


def _samples(contents: Mapping[str, Any], number: int, where: str) -> Iterator[Sample]:
    machine = contents["machine_info"]
    for benchmark in contents["benchmarks"]:
        try:
            extra = benchmark.get("extra_info", {})
            yield Sample(
                name=(("benchmark", str(benchmark["fullname"])),),
                seed=number,
                status="ok",
                reason=None,
                conditions={**_conditions(machine, benchmark), **_asked(extra)},
                figures={**{name: finite(benchmark["stats"][name]) for name in TIMES}, **_counters(extra)},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BenchError(f"{where}: a benchmark without its numbers ({error!r}); write the file anew") from error


def _conditions(machine: Mapping[str, Any], benchmark: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a benchmark was measured under; files of other projects tell less of it."""
    environment = machine.get(ENVIRONMENT)
    timer = {"timer": (benchmark.get("options") or {}).get("timer")}
    if environment:
        return {**machine_conditions(environment), **timer}
    return {"processor": _processor(machine), "versions": {"python": machine.get("python_version")}, **timer}


def _processor(machine: Mapping[str, Any]) -> str | None:
    cpu = machine.get("cpu") or {}
    name = cpu.get("brand_raw") or machine.get("processor")
    return f"{name}, {cpu.get('count')} cores" if name else None


def _machine(machine: Mapping[str, Any]) -> str:
    environment = machine.get(ENVIRONMENT)
    return machine_in_words(environment) if environment else _processor(machine) or "not recorded"


def _asked(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a benchmark says it was run under, by the names of conditions."""
    return {name: value for name, value in extra.items() if name in NEEDED_BY}


def _counters(extra: Mapping[str, Any]) -> dict[str, float]:
    """Return the other numbers that a benchmark kept: counts of what it did."""
    return {
        name: finite(value)
        for name, value in extra.items()
        # yes and no are numbers to Python, but no counts
        if name not in NEEDED_BY and isinstance(value, int | float) and not isinstance(value, bool)
    }


def _commit(contents: Mapping[str, Any]) -> str | None:
    commit = contents.get("commit_info") or {}
    if not commit.get("id"):
        return None
    return str(commit["id"]) + (" dirty" if commit.get("dirty") else "")
