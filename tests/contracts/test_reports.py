"""What every format of reports is called with."""

import inspect

import pytest

from bench.catalog import REPORTS
from bench.contracts.reports import Report


@pytest.mark.parametrize("name", REPORTS.names())
def test_a_report_takes_a_summary_and_a_folder(name: str) -> None:
    """And gives a text, or bytes."""
    wanted = list(inspect.signature(Report.__call__).parameters)[1:]
    signature = inspect.signature(REPORTS.entry(name).load())
    assert list(signature.parameters) == wanted == ["summary", "folder"]
    assert signature.return_annotation in (str, bytes)
