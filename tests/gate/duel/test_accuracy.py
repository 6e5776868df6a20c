"""Both sides run the same cells by their own command, and are compared by what the cells are."""

import json
from pathlib import Path

import pytest

from bench.gate.duel.accuracy import NotRun, accuracies, by_cell
from tests.material.duels import side

RECORD = {
    "cell_id": "1",
    "status": "ok",
    "accuracy": 0.5,
    "dataset": "digits",
    "backbone": "test_resnet",
    "weights": "random",
    "method": "scratch",
    "n_labels": 20,
    "seed": 0,
}
CELL = "digits test_resnet random scratch 20 0"


def test_cells_are_paired_by_what_they_are() -> None:
    """Not by an identity that another version hashes otherwise; cells without a number are left out."""
    found = by_cell([RECORD, {**RECORD, "seed": 1, "status": "failed", "accuracy": None}])
    assert found == {CELL: 0.5}


def a_python(folder: Path, *lines: str) -> Path:
    """Write what stands for the Python of a side: it is called as `python -P -m bench run SUITE --out OUT ...`."""
    path = folder / "python"
    path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    path.chmod(0o755)
    return path


def test_each_side_is_asked_for_its_own(tmp_path: Path) -> None:
    """Into a folder of its own, on a CPU."""
    sides = []
    for name, accuracy in (("base", 0.5), ("candidate", 0.75)):
        root = tmp_path / name
        root.mkdir()
        (root / "kept.jsonl").write_text(json.dumps({**RECORD, "accuracy": accuracy}) + "\n")
        asked = 'test "$*" = "-P -m bench run cells.yaml --out $7 --device cpu" || exit 2'
        kept = f'mkdir "$7" && cp {root / "kept.jsonl"} "$7/records.jsonl"'
        sides.append(side(root, a_python(root, asked, kept), name))
    assert accuracies(sides, Path("cells.yaml"), tmp_path) == [{CELL: 0.5}, {CELL: 0.75}]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["echo first >&2", "echo 'no such method' >&2", "exit 2"], r"the base can't run it \(no such method\)"),
        (["exit 3"], r"the base can't run it \(exit code 3\)"),
        (["exit 0"], r"the base can't run it \(exit code 0\)"),
    ],
)
def test_what_one_side_says_last_is_told_of_it(tmp_path: Path, lines: list[str], said: str) -> None:
    """Also where it ends well and leaves nothing."""
    base = side(tmp_path, a_python(tmp_path, *lines))
    with pytest.raises(NotRun, match=said) as raised:
        accuracies([base], Path("cells.yaml"), tmp_path)
    assert raised.value.side is base
