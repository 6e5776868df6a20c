"""From a run's folder to its reports."""

from pathlib import Path

from bench.aggregate import Summary, summarise
from bench.cache import write_atomically
from bench.catalog import REPORTS
from bench.errors import BenchError
from bench.store import Store

FILES = {"console": "report.txt", "md": "report.md", "csv": "summary.csv"}


def read_summary(folder: Path) -> Summary:
    """Return the summary of a run's folder."""
    store = Store(folder)
    if not store.records_path.is_file():
        raise BenchError(f"{folder}: no records.jsonl there; give the folder of a run, as in results/digits_small")
    return summarise(list(store.records().values()), store.manifest())


def write_report(summary: Summary, folder: Path, format_: str) -> str:
    """Write one report to the run's folder and return its text."""
    text: str = REPORTS.entry(format_).load()(summary, folder)
    write_atomically(folder / FILES[format_], text)
    return text


def write_reports(summary: Summary, folder: Path) -> dict[str, str]:
    """Write all reports and return their texts by format."""
    return {name: write_report(summary, folder, name) for name in FILES}
