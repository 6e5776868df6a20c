"""What is handed to a cell, and what is handed to its probes."""

import inspect
import pickle
from pathlib import Path

import pytest

from bench.catalog import PROBES
from bench.cell.job import CellResult, Probe
from bench.contracts.data import Places
from tests.material import tiny


def test_a_cell_goes_to_its_process_with_all_that_was_made_ready(places: Places, tmp_path: Path) -> None:
    """By pickle; what is large lies on disk, so that little is sent."""
    job = tiny.job_of(tiny.one_cell(tmp_path), places)
    sent = pickle.dumps(job)
    assert pickle.loads(sent) == job
    assert pickle.loads(sent).data.split("train").images.shape == (tiny.LIMIT, 32, 32, 3)
    assert len(sent) < 10_000


def test_a_result_comes_back_by_pickle_too() -> None:
    """Fields of the record and arrays."""
    result = CellResult({"accuracy": 0.5}, {})
    assert pickle.loads(pickle.dumps(result)) == result


@pytest.mark.parametrize("name", PROBES.names())
def test_a_probe_takes_a_run_and_gives_fields(name: str) -> None:
    """Nothing else, so that any of them may be left out."""
    wanted = list(inspect.signature(Probe.__call__).parameters)[1:]
    signature = inspect.signature(PROBES.entry(name).load())
    assert list(signature.parameters) == wanted == ["run"]
    assert str(signature.return_annotation).startswith("dict[str, ")
