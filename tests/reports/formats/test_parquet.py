"""The summary as Parquet: every column has its type."""

import io
from pathlib import Path
from typing import Any

from pyarrow import parquet

from bench.catalog import REPORTS
from tests.material.summaries import a_summary


def test_parquet_has_types_also_where_no_row_has_a_value(tmp_path: Path) -> None:
    contents: Any = REPORTS.entry("parquet").load()(a_summary(), tmp_path)
    types = {field.name: str(field.type) for field in parquet.read_schema(io.BytesIO(contents))}
    assert (types["accuracy"], types["accuracy_n"], types["backbone"]) == ("double", "int64", "string")
    assert (types["mfu"], types["bound_by"], types["peak_cuda_allocated_mib"]) == ("double", "string", "double")
    assert "null" not in types.values()
