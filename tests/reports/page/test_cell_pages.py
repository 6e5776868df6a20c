"""The pages of single cells: whole records, curves in sixteen bits, and nothing made up."""

import base64
import dataclasses
import gzip
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.answers.reading import read_summary
from bench.records.curves import no_curves
from bench.reports.page.cell_pages import Packed, cell_pages, compressed
from tests.material import page_runs
from tests.material.examples import a_record


def unpacked(text: str) -> bytes:
    return gzip.decompress(base64.b64decode(text))


def cells_of(packed: Packed) -> list[dict[str, Any]]:
    return list(json.loads(unpacked(packed.records)).values())


def pages_of(folder: Path, **changes: Any) -> Packed:
    """The pages of a run with one fine-tuned cell, written before and changed since."""
    summary = read_summary(folder)
    return cell_pages([dataclasses.replace(record, **changes) for record in summary.records], summary.curves)


def a_run(folder: Path, **changes: Any) -> Path:
    return page_runs.write_run(folder, page_runs.cells(["resnet18"], ["finetune"], [10], 1, **changes))


def test_steps_of_checkpoints_are_not_made_up(tmp_path: Path) -> None:
    """A record that chose a step which is no checkpoint's leaves its candidates numbered."""
    assert [each["steps"] for each in cells_of(pages_of(a_run(tmp_path / "one")))] == [[40, 80, 120, 160, 200]]
    assert [each["steps"] for each in cells_of(pages_of(a_run(tmp_path / "other", chosen={"step": 77})))] == [None]


@pytest.mark.parametrize("damage", ["gone", "broken"])
def test_a_cell_whose_side_file_is_lost_has_no_curves(damage: str, tmp_path: Path) -> None:
    folder = a_run(tmp_path)
    (side,) = (folder / "cells").glob("*.npz")
    side.unlink() if damage == "gone" else side.write_bytes(side.read_bytes()[:200])
    assert [each["curves"] for each in cells_of(pages_of(folder))] == [{}]


def test_a_figure_that_is_no_number_is_told_as_text(tmp_path: Path) -> None:
    """JSON has no infinity."""
    assert [each["record"]["cpu_s"] for each in cells_of(pages_of(a_run(tmp_path), cpu_s=math.inf))] == ["inf"]


def test_curves_lie_one_after_another(tmp_path: Path) -> None:
    """Of each its steps, then as many levels; together they fill the array."""
    packed = pages_of(a_run(tmp_path))
    (cell,) = cells_of(packed)
    ends = [0]
    for header in cell["curves"].values():
        assert header["from"] == ends[-1]
        ends.append(header["from"] + 2 * header["points"])
    assert len(ends) == 4
    assert len(np.frombuffer(unpacked(packed.curves), "<u2")) == ends[-1]


def test_a_side_file_is_named_within_its_run() -> None:
    """The page tells nobody where on a machine it was."""
    record = a_record(side_file="/home/somebody/runs/mine/cells/x.npz")
    (cell,) = cells_of(cell_pages([record], no_curves))
    assert cell["record"]["side_file"] == "cells/x.npz"


def test_the_same_contents_are_the_same_text() -> None:
    """No time of day in it."""
    assert compressed(b"contents" * 100) == compressed(b"contents" * 100)
    assert unpacked(compressed(b"contents")) == b"contents"
