"""What gradient-trained methods try by themselves."""

from pathlib import Path
from typing import Any

import pytest

from bench.catalog import METHODS
from bench.schema import Cell
from bench.suites.own_trials import FACTORS, FEW_LABELS, RATES
from tests.material import tiny


def cell_of(folder: Path, method: str, *overrides: str) -> Cell:
    """Return the one cell of the tiny suite with a method."""
    return tiny.one_cell(folder, f"grid.method=[{method}]", *overrides)


@pytest.mark.parametrize("name", METHODS.names())
def test_every_method_with_a_rate_tries_it_first_and_the_others_after(tmp_path: Path, name: str) -> None:
    """Whatever is solved tries nothing here."""
    method = METHODS.entry(name).load()
    if getattr(method(), "uses_source", False):
        pytest.skip("learns a labelled source, with rates of its own")
    cell = cell_of(tmp_path, name)
    made = method()
    trained = "learning_rate" in method.defaults and not getattr(made, "solved", False)
    assert len(cell.trials) == (len(FACTORS) if trained else 0)
    assert cell.search == ("short" if trained else None)
    if trained:
        given = {key: getattr(cell.training, key) for key in RATES}
        for factor, settings in zip(FACTORS, cell.trials, strict=True):
            assert settings == pytest.approx({k: v * factor for k, v in given.items() if v is not None}, rel=1e-5)
        factor = FEW_LABELS if method.uses_weights else 1.0
        few = {k: v * factor for k, v in given.items() if v is not None}
        assert cell.few_labels == pytest.approx(few, rel=1e-5)


@pytest.mark.parametrize(
    ("method", "override"),
    [
        ("{name: finetune, learning_rate: 0.001}", "limit=null"),
        ("{name: finetune, head_learning_rate: 0.001}", "limit=null"),
        ("finetune", "train.learning_rate=0.001"),
        ("finetune", "train.head_learning_rate=0.001"),
        ("finetune", "tune={trials: 0}"),
    ],
)
def test_rate_that_is_given_is_the_one_that_is_taken(tmp_path: Path, method: str, override: str) -> None:
    """So is the method's own, where a suite says that nothing is tried."""
    cell = cell_of(tmp_path, method, *([] if override == "limit=null" else [override]))
    assert (cell.trials, cell.search, cell.few_labels) == ((), None, {})


def test_suite_that_tunes_has_its_own_trials_alone(tmp_path: Path) -> None:
    tuned: Any = "tune={trials: 2, search: grid, space: {all: {weight_decay: [0.0, 0.1]}}}"
    cell = cell_of(tmp_path, "finetune", tuned)
    assert (len(cell.trials), cell.search, cell.few_labels) == (2, "grid", {})


def test_rate_of_one_method_leaves_the_others_their_trials(tmp_path: Path) -> None:
    cells = tiny.cells_of(tiny.write_suite(tmp_path), ["grid.method=[finetune, {name: scratch, learning_rate: 0.01}]"])
    assert {cell.method.name: len(cell.trials) for cell in cells} == {"finetune": len(FACTORS), "scratch": 0}
