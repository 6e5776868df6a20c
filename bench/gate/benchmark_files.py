"""JSON files of pytest-benchmark as one side of a comparison: each file is one repetition of the measurement.

The rounds within a file share one process, and with it the bias of that process: they repeat nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, with_config
from typing_extensions import TypedDict

from bench.errors import BenchError
from bench.gate.comparability import NEEDED_BY, machine_conditions
from bench.gate.quantities import QUANTITIES
from bench.gate.samples import Sample, Side, finite, machine_in_words, printable, shortened
from bench.machine.reading import GIB, Unfit, problem_in, read_json
from bench.records.field_types import CONDITIONS, CONFIG
from bench.records.manifest import ENVIRONMENT as MACHINE

FILE = 2 * GIB
"""Bytes of a file at most; one with all rounds of a thousand benchmarks has some hundred MiB."""
ENVIRONMENT = "bench_environment"
"""Key of `machine_info` under which this project's benchmarks keep what `bench env` prints."""
TIMES = ("min", "median")


@with_config(CONFIG)
class _Form(TypedDict):
    machine_info: dict[str, Any]
    benchmarks: list[dict[str, Any]]


FORM: TypeAdapter[Any] = TypeAdapter(_Form)
MEASURED_UNDER: TypeAdapter[Any] = TypeAdapter(CONDITIONS, config=CONFIG)


def is_benchmark_file(path: Path) -> bool:
    """Say whether a file is one that pytest-benchmark wrote."""
    return problem_of(path) is None


def problem_of(path: Path) -> str | None:
    """Say why a file is none that pytest-benchmark wrote; null for one that is."""
    try:
        _parsed(path)
    except Unfit as error:
        return str(error)
    return None


def _parsed(path: Path) -> dict[str, Any]:
    """Return what a file holds; raise `Unfit` where it is not in the form of pytest-benchmark's."""
    try:
        contents: dict[str, Any] = read_json(path, FILE, finite=False)  # what others keep may be anything
    except Unfit as error:
        raise Unfit(f"no JSON of pytest-benchmark: {error}") from error
    if problem := problem_in(FORM, contents):
        raise Unfit(f"no JSON of pytest-benchmark ({problem})")
    environment = contents["machine_info"].get(ENVIRONMENT)
    if environment and (problem := problem_in(MACHINE, environment)):
        raise Unfit(f"no JSON of pytest-benchmark (machine_info.{ENVIRONMENT}.{problem})")
    return contents


def read_benchmarks(title: str, paths: Sequence[Path]) -> Side:
    """Return one or several files as a side, in the order given."""
    read = [_contents(path) for path in paths]
    samples = [sample for number, each in enumerate(read) for sample in _samples(each, number, str(paths[number]))]
    commits = dict.fromkeys(filter(None, map(_commit, read)))
    machines = dict.fromkeys(_machine(each["machine_info"]) for each in read)
    return Side(
        title=title,
        samples=tuple(samples),
        made_at=max((printable(str(each["datetime"])) for each in read if each.get("datetime")), default=None),
        commit=", ".join(commits) or None,
        machine="; ".join(machines),
        repeats="file",
    )


def _contents(path: Path) -> dict[str, Any]:
    """Return what a file of pytest-benchmark holds; other files are refused."""
    try:
        return _parsed(path)
    except Unfit as error:
        raise BenchError(f"{path}: {error}; write one with pytest --benchmark-json={path}") from error


def _samples(contents: Mapping[str, Any], number: int, where: str) -> Iterator[Sample]:
    machine = contents["machine_info"]
    for benchmark in contents["benchmarks"]:
        try:
            yield _sample(machine, benchmark, number)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise BenchError(f"{where}: a benchmark without its numbers ({error!r}); write the file anew") from error


def _sample(machine: Mapping[str, Any], benchmark: Mapping[str, Any], number: int) -> Sample:
    """Return one benchmark: its times are judged, and what else it keeps where that is this project's own.

    What others keep in `extra_info` may be anything, and may grow for the better: no verdict hangs on it.
    """
    extra = {printable(name): value for name, value in (benchmark.get("extra_info") or {}).items()}
    own = bool(machine.get(ENVIRONMENT))
    asked = {name: value for name, value in extra.items() if own and name in NEEDED_BY}
    counters = {name: finite(value) for name, value in extra.items() if own and _counts(name, value)}
    conditions = {**_conditions(machine, benchmark), **asked}
    if problem := problem_in(MEASURED_UNDER, conditions):
        raise Unfit(problem)
    return Sample(
        name=(("benchmark", printable(str(benchmark["fullname"]))),),
        seed=number,
        status="ok",
        reason=None,
        conditions=conditions,
        figures={**{name: _time(benchmark["stats"][name]) for name in TIMES}, **counters},
        kept={name: _kept(value) for name, value in extra.items() if name not in asked and name not in counters},
    )


def _time(value: Any) -> float:
    time = finite(value)
    if time < 0:
        raise ValueError(f"{time} is no time")
    return time


def _counts(name: str, value: Any) -> bool:
    """Say whether this project's own benchmarks count something by a name: a number that is called as no figure is."""
    # yes and no are numbers to Python, but no counts
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and name not in NEEDED_BY and name not in QUANTITIES


def _kept(value: Any) -> Any:
    """Return what a benchmark keeps as a number or a short text."""
    if value is None or isinstance(value, bool):
        return value
    try:
        return finite(value)
    except ValueError:
        return shortened(value)


def _conditions(machine: Mapping[str, Any], benchmark: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a benchmark was measured under; files of other projects tell less of it."""
    environment = machine.get(ENVIRONMENT)
    timer = {"timer": (benchmark.get("options") or {}).get("timer")}
    if environment:
        return {**machine_conditions(environment), **timer}
    python = machine.get("python_version")
    return {"processor": _processor(machine), "versions": {"python": python} if python else None, **timer}


def _processor(machine: Mapping[str, Any]) -> str | None:
    found = machine.get("cpu")
    cpu = found if isinstance(found, dict) else {}
    name = cpu.get("brand_raw") or machine.get("processor")
    return printable(f"{name}, {cpu.get('count')} cores") if name else None


def _machine(machine: Mapping[str, Any]) -> str:
    environment = machine.get(ENVIRONMENT)
    if not environment:
        return _processor(machine) or "not recorded"
    machine_conditions(environment)  # refuses one that is damaged
    return machine_in_words(environment)


def _commit(contents: Mapping[str, Any]) -> str | None:
    commit = contents.get("commit_info")
    if not isinstance(commit, dict) or not commit.get("id"):
        return None
    return printable(str(commit["id"])) + (" dirty" if commit.get("dirty") else "")
