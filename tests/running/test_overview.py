"""What a plan shows of its cells: done or to run, and what is lacking."""

import dataclasses
from pathlib import Path

from bench.contracts.data import Places
from bench.running.overview import plan_rows
from tests.material import tiny
from tests.material.plans import plan


def test_rows_tell_what_is_done_and_what_is_lacking(here: Path, places: Places) -> None:
    """A cell with a number is `ok`; weights that are not there are named."""
    planned = plan(here, "grid.weights=[random, pretrained]", filters=("method=linear_probe",), limit=tiny.LIMIT)
    planned = dataclasses.replace(planned, places=places, out=here / "out")
    tiny.run_cells([planned.chosen[0]], planned.out, places)
    rows = list(plan_rows(planned))
    assert [row["state"] for row in rows] == ["ok", *["to run"] * 3]
    assert [row["missing"] for row in rows] == [[], [], *[["weights test_resnet pretrained"]] * 2]
