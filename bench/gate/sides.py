"""What a user may give as one side of a comparison: a run, its records, a saved baseline, files of pytest-benchmark."""

import os
import warnings
from collections.abc import Mapping
from pathlib import Path

from bench.errors import BenchError
from bench.gate import baselines
from bench.gate.benchmark_files import problem_of, read_benchmarks
from bench.gate.samples import Side, side_of
from bench.machine.reading import is_regular
from bench.records.lines import read_lines
from bench.records.plausible import told
from bench.records.record import Record
from bench.records.store import Store

RESULTS = Path("results")


def read_side(given: str, folder: Path = baselines.FOLDER) -> Side:
    """Return what a user named as a side; a path that is there comes before a baseline's name."""
    path = Path(given)
    if path.is_dir() and (found := _of_folder(given, path)) is not None:
        return found
    if path.is_file():
        return _of_file(given, path)
    if given in baselines.names(folder):
        return baselines.read(baselines.path_of(given, folder))
    raise BenchError(f"{given}: {_what_it_is_not(path)}{_there_are(folder)}")


def read_baseline(name: str, folder: Path = baselines.FOLDER) -> Side:
    """Return a baseline by its name, or by its file."""
    path = Path(name) if is_regular(Path(name)) else baselines.path_of(name, folder)
    if not os.path.lexists(path):
        raise BenchError(
            f"baseline {name}: not there{_there_are(folder)}; save one with bench baseline save {name} RUN"
        )
    return baselines.read(path)


def latest_run(results: Path = RESULTS) -> Path:
    """Return the run of a folder of runs whose records were written last."""
    runs = sorted(results.glob("*/records.jsonl"), key=lambda path: path.stat().st_mtime)
    if not runs:
        raise BenchError(f"{results}: no run there; name one, or make one with bench run digits_small")
    return runs[-1].parent


def _of_folder(given: str, folder: Path) -> Side | None:
    """Return a folder's run, or its files of pytest-benchmark; null where it has neither."""
    store = Store(folder)
    if os.path.lexists(store.records_path):
        return _of_run(given, store)
    problems = {path: problem_of(path) for path in sorted(folder.glob("*.json"))}
    files = [path for path, problem in problems.items() if problem is None]
    if not files:
        return None
    for path, problem in problems.items():
        if problem is not None:  # of several repetitions it hides no other
            warnings.warn(f"{path}: {problem}; the file is left out", stacklevel=4)
    return read_benchmarks(given, files)


def _of_file(given: str, path: Path) -> Side:
    if baselines.is_baseline(path):
        return baselines.read(path)
    if path.suffix == ".json":
        return read_benchmarks(given, [path])
    if path.name == Store(path.parent).records_path.name:
        return _of_run(given, Store(path.parent))
    return side_of(given, _records(path).values(), {})


def _of_run(given: str, store: Store) -> Side:
    """Return the cells of a run's last plan; those of earlier settings may lie beside them and are left out."""
    manifest = store.manifest()
    planned = manifest.get("cells")
    wanted = None if planned is None else set(planned)
    records = [record for key, record in _records(store.records_path).items() if wanted is None or key in wanted]
    return side_of(given, records, manifest.get("environments", {}))


def _records(path: Path) -> Mapping[str, Record]:
    """Return the records of a file; raise `BenchError` where a line holds none.

    A verdict over the rest could pass what the lost cell would fail.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the error says it
        found = read_lines(path)
    if found.left_out:
        raise BenchError(found.left_out[0])
    for sentence in told(found.unreliable, found.records.values()):
        warnings.warn(f"{path}: {sentence}", stacklevel=5)
    return found.records


def _what_it_is_not(path: Path) -> str:
    if path.is_dir():
        return "a folder without records.jsonl and without JSON of pytest-benchmark"
    return "neither a run's folder, a records.jsonl, a file of pytest-benchmark nor a saved baseline"


def _there_are(folder: Path) -> str:
    names = baselines.names(folder)
    return f"; baselines in {folder}: {', '.join(names)}" if names else f"; no baseline in {folder} yet"
