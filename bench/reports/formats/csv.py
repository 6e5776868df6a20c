"""The summary as CSV, one line per row, in full precision."""

import csv
import io
from pathlib import Path
from typing import Any

from bench.answers.rows.columns import columns_of
from bench.answers.summary import Summary


def render(summary: Summary, folder: Path) -> str:
    """Return the text; an estimate is three columns: mean, half of the 95 % interval, n."""
    columns = columns_of(summary.rows)
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(map(_text, values) for values in columns.values()), strict=True))
    return stream.getvalue()


def _text(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list) else value
