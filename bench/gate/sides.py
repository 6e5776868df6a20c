"""What a user may give as one side of a comparison: a run, its records, a saved baseline, files of pytest-benchmark."""

from pathlib import Path

from bench.errors import BenchError
from bench.gate import baselines
from bench.gate.benchmark_files import is_benchmark_file, read_benchmarks
from bench.gate.samples import Side, side_of
from bench.records.store import Store, read_records

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
    path = Path(name) if Path(name).is_file() else baselines.path_of(name, folder)
    if not path.is_file():
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
    if store.records_path.is_file():
        return _of_run(given, store)
    files = [path for path in sorted(folder.glob("*.json")) if is_benchmark_file(path)]
    return read_benchmarks(given, files) if files else None


def _of_file(given: str, path: Path) -> Side:
    if baselines.is_baseline(path):
        return baselines.read(path)
    if path.suffix == ".json":
        return read_benchmarks(given, [path])
    if path.name == Store(path.parent).records_path.name:
        return _of_run(given, Store(path.parent))
    return side_of(given, read_records(path).values(), {})


def _of_run(given: str, store: Store) -> Side:
    """Return the cells of a run's last plan; those of earlier settings may lie beside them and are left out."""
    manifest = store.manifest()
    planned = manifest.get("cells")
    wanted = None if planned is None else set(planned)
    records = [record for key, record in store.records().items() if wanted is None or key in wanted]
    return side_of(given, records, manifest.get("environments", {}))


def _what_it_is_not(path: Path) -> str:
    if path.is_dir():
        return "a folder without records.jsonl and without JSON of pytest-benchmark"
    return "neither a run's folder, a records.jsonl, a file of pytest-benchmark nor a saved baseline"


def _there_are(folder: Path) -> str:
    names = baselines.names(folder)
    return f"; baselines in {folder}: {', '.join(names)}" if names else f"; no baseline in {folder} yet"
