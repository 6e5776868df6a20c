"""From the words of a command to cells: which were asked for, and where things lie."""

import re
from pathlib import Path

import pytest

from bench.contracts.data import Places
from bench.errors import BenchError
from tests.material import tiny
from tests.material.plans import plan


def test_one_cell_is_found_by_the_beginning_of_its_id(here: Path) -> None:
    """One that fits none, or several, is refused with their number."""
    planned = plan(here)
    mine = planned.cells[2]
    assert planned.only(mine.cell_id[:8]).chosen == (mine,)
    for beginning, count in (("nothing", 0), ("", 6)):
        with pytest.raises(BenchError, match=re.escape(f"--cell {beginning}: {count} cells have this id")):
            planned.only(beginning)


def test_manifest_names_all_cells_of_the_suite_whatever_was_chosen(here: Path) -> None:
    """A report tells which of them have not run."""
    planned = plan(here, filters=("method=scratch",))
    assert (len(planned.chosen), len(planned.cells)) == (2, 6)
    manifest = planned.manifest("bench run tiny")
    assert manifest["cells"] == [cell.cell_id for cell in planned.cells]
    assert (manifest["suite"], manifest["command"], manifest["suite_text"]) == ("tiny", "bench run tiny", tiny.SUITE)


def test_places_are_absolute(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell's process may stand in another folder."""
    (here / "data").mkdir()
    monkeypatch.chdir(here)
    planned = plan(here, data_dir=Path("data"))
    assert planned.places == Places(here / "data", None, here / "cache" / "transferbench")
    assert planned.out == Path("results/tiny")
