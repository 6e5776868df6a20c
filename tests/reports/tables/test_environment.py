"""The machines of a run, in words."""

import dataclasses
from pathlib import Path

import pytest

from bench.catalog import REPORTS
from bench.reports.tables.environment import environment_rows
from tests.material.summaries import a_summary, render


@pytest.mark.parametrize("name", REPORTS.names())
def test_what_an_environment_lacks_is_unknown(name: str, tmp_path: Path) -> None:
    summary = dataclasses.replace(a_summary(), environments={"here": {}})
    assert render(name, summary, tmp_path)
    assert environment_rows(summary)[0] == "`here`: unknown, unknown cores, unknown GiB, unknown"
