"""The summary as Parquet: the rows and columns of the CSV, with types."""

import io
from pathlib import Path
from typing import Any

from bench.answers.rows.columns import columns_of, is_text
from bench.answers.summary import Summary


def render(summary: Summary, folder: Path) -> bytes:
    """Return the file; what no row has is null, of the column's type."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    def array(name: str, values: list[Any]) -> Any:
        found = pa.array(values)
        if not pa.types.is_null(found.type):
            return found
        return found.cast(pa.string() if is_text(name) else pa.float64())

    columns = columns_of(summary.rows)
    table = pa.table({name: array(name, values) for name, values in columns.items()})
    stream = io.BytesIO()
    pq.write_table(table, stream)
    return stream.getvalue()
