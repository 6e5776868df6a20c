"""From a run's folder to its reports."""

import functools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.aggregate import Summary, summarise
from bench.cache import write_atomically
from bench.catalog import REPORTS
from bench.errors import BenchError
from bench.recommend import Wanted, recommend
from bench.record import Record
from bench.reports.answer import render_answer
from bench.store import Store
from bench.verdicts import Right

FILES = {"console": "report.txt", "md": "report.md", "csv": "summary.csv", "html": "report.html"}


def read_summary(folder: Path) -> Summary:
    """Return the summary of a run's folder."""
    store = Store(folder)
    if not store.records_path.is_file():
        raise BenchError(f"{folder}: no records.jsonl there; give the folder of a run, as in results/digits_small")
    records = store.records()
    return summarise(list(records.values()), store.manifest(), right_of(store, records))


def right_of(store: Store, records: Mapping[str, Record]) -> Right:
    """Return what tells which test images a cell got right, from its side file; each is read once."""

    @functools.cache
    def right(cell_id: str) -> npt.NDArray[np.bool_] | None:
        record = records.get(cell_id)
        arrays = store.side_arrays(record) if record else {}
        if not {"labels", "predictions"} <= arrays.keys():
            return None
        found: npt.NDArray[np.bool_] = arrays["labels"] == arrays["predictions"]
        return found

    return right


def answer(run: Path, wanted: Wanted) -> str:
    """Return the recommendation of a run, in words."""
    folder = run.parent if run.name == "records.jsonl" else run
    summary = read_summary(folder)
    store = Store(folder)
    return render_answer(recommend(summary.rows, wanted, right_of(store, store.records())))


def write_report(summary: Summary, folder: Path, format_: str) -> str:
    """Write one report to the run's folder and return its text."""
    text: str = REPORTS.entry(format_).load()(summary, folder)
    write_atomically(folder / FILES[format_], text)
    return text


def write_reports(summary: Summary, folder: Path) -> dict[str, str]:
    """Write all reports and return their texts by format."""
    return {name: write_report(summary, folder, name) for name in FILES}
