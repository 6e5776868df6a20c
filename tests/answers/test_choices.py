"""Among how much a row could choose: counted from records of any version, and nothing made up."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.answers.choices import Choices, choices, choices_of, numbers, values_of
from bench.answers.rows.rows import rows_of
from bench.answers.summary import summarise
from bench.records.record import Record
from tests.material.examples import a_record
from tests.material.summaries import TRIALS

PATH = [{"l2": 10.0, "val_accuracy": 0.9, "val_loss": 0.3}, {"l2": 1.0, "val_accuracy": 0.7, "val_loss": None}]


def a_run(candidates: dict[str, list[float]], *records: Record) -> Choices:
    """The choices of the one row of some records, with the candidates that are kept of each cell."""
    curves = {cell: {"candidate_accuracies": np.array(values)} for cell, values in candidates.items()}
    (found,) = summarise(records, {}, curves=lambda cell: curves.get(cell, {})).ask(choices)
    return found


def a_cell(seed: int = 0, **fields: Any) -> Record:
    return a_record(cell_id=f"c{seed}", seed=seed, **fields)


def test_checkpoints_are_the_models_that_were_kept() -> None:
    """Best and worst on test are means over seeds."""
    made = [a_cell(seed, method="finetune", method_settings={}, chosen={"step": 40}) for seed in range(2)]
    found = a_run({"c0": [0.5, 0.9, 0.8], "c1": [0.6, 0.7, 0.5]}, *made)
    assert (found.trials, found.values, found.checkpoints) == (0, {}, 3)
    assert found.candidates_on_test is not None
    assert found.candidates_on_test.best.mean == pytest.approx(0.8)
    assert (found.candidates_on_test.worst.mean, found.candidates_on_test.worst.n) == (pytest.approx(0.5), 2)
    assert (found.trials_on_validation, found.own_on_validation) == (None, None)


def test_values_are_those_of_the_settings_that_were_chosen() -> None:
    """A probe's strengths; a list that nothing chose from is no choice, nor is anything where nothing validated."""
    probe = a_cell(chosen={"l2": 10.0, "edge": False, "converged": True})
    assert values_of(probe) == {"l2": 2}
    assert values_of(a_cell(chosen={"l2": 10.0}, val_accuracy=None)) == {}
    listed = {"scales": [0.5, 1.0], "l2": [1.0, 2.0, 3.0], "k": 5}
    assert values_of(a_cell(method_settings=listed, chosen={"step": 3, "k": 5, "l2": 1.0})) == {"l2": 3}
    found = a_run({"c0": [0.9, 0.8, 0.7]}, probe)
    assert (found.values, found.checkpoints) == ({"l2": 2}, 0)


def test_mixtures_of_what_was_trained_are_no_checkpoints() -> None:
    """And of one model that is left nobody knows how many there were."""
    settings_ = {"l2": [1.0, 2.0], "alpha": [0.0, 0.5, 1.0]}
    mixed = a_cell(method_settings=settings_, chosen={"step": 5, "alpha": 0.5, "l2": 1.0})
    found = a_run({"c0": [0.9, 0.8, 0.7]}, mixed)
    assert (found.values, found.checkpoints) == ({"alpha": 3, "l2": 2}, None)
    assert a_run({"c0": [0.9]}, a_cell(method_settings={}, chosen={"step": 5})).checkpoints is None
    assert a_run({}, a_cell(method_settings={}, chosen={"step": 5})).candidates_on_test is None


def test_trials_count_once_and_those_in_full_are_told() -> None:
    """A setting that went through several rungs is one; diverged trials have no accuracy."""
    early = {**TRIALS[0], "share": 0.5, "val_accuracy": 1.0}
    lost = {"settings": {"learning_rate": 9.0}, "val_accuracy": None, "val_loss": None, "share": 1.0, "seconds": 1.0}
    found = a_run({}, a_cell(trials=[early, *TRIALS, lost], search="halving"))
    assert found.trials == 4
    assert found.trials_on_validation is not None
    assert found.trials_on_validation.best.mean == pytest.approx(0.9)
    assert found.trials_on_validation.worst.mean == pytest.approx(0.4)


def test_a_path_that_is_kept_is_counted_and_told() -> None:
    """Not what the settings list: that may have been cut short."""
    probe = a_cell(chosen={"l2": 10.0, "path": PATH}, method_settings={"l2": [0.1, 1.0, 10.0, 100.0]})
    found = a_run({}, probe)
    assert found.values == {"l2": 2}
    assert found.own_on_validation is not None
    assert (found.own_on_validation.best.mean, found.own_on_validation.worst.mean) == (0.9, 0.7)
    steps = [{"step": step, "val_accuracy": value, "val_loss": 0.1} for step, value in ((20, 0.5), (40, 0.8))]
    trained = a_cell(method_settings={"l2": [1.0, 2.0]}, chosen={"step": 40, "l2": 1.0, "path": steps})
    found = a_run({"c0": [0.9]}, trained)
    assert (found.values, found.checkpoints) == ({"l2": 2}, 2), "counted where the models are not kept too"
    assert found.own_on_validation is not None
    assert found.own_on_validation.worst.mean == 0.5


ANY = st.none() | st.booleans() | st.floats() | st.text(max_size=3) | st.integers(-2, 2) | st.lists(st.none())
FIELDS = st.dictionaries(st.sampled_from(["settings", "val_accuracy", "val_loss", "share", "seconds", "l2"]), ANY)


@settings(deadline=None, max_examples=60)
@given(
    st.none() | st.lists(FIELDS, max_size=4),
    st.none() | st.dictionaries(st.sampled_from(["l2", "step", "path", "k"]), ANY | st.lists(FIELDS, max_size=3)),
    st.lists(st.floats() | st.sampled_from([0.5, 0.25]), max_size=5),
    st.none() | st.floats(0, 1),
)
def test_records_of_any_version_are_read(
    trials: list[dict[str, Any]] | None,
    chosen: dict[str, Any] | None,
    candidates: list[float],
    validated: float | None,
) -> None:
    """Fields that lack, nulls and what is no figure count for nothing; what is told is a share."""
    plain = a_cell()
    record = a_cell(trials=trials, chosen=chosen, val_accuracy=validated)
    kept = {"candidate_accuracies": np.array(candidates)}
    (found,) = choices_of(rows_of([plain], {}), {"c0": record}, lambda cell: kept)
    assert 0 <= found.trials <= 4
    for spread in (found.trials_on_validation, found.own_on_validation, found.candidates_on_test):
        assert spread is None or 0 <= spread.worst.mean <= spread.best.mean <= 1


def test_only_accuracies_are_numbers_here() -> None:
    assert numbers([0.5, None, True, "0.5", math.nan, math.inf, -0.1, 1.2, [], 1]) == [0.5, 1.0]


def test_candidates_of_very_large_runs_are_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each cell has a file of its own."""
    monkeypatch.setattr("bench.answers.choices.MOST", 2)
    asked: list[str] = []

    def curves(cell: str) -> dict[str, Any]:
        asked.append(cell)
        return {}

    made = [a_cell(seed) for seed in range(3)]
    summarise(made, {}, curves=curves).ask(choices)
    assert not asked
    summarise(made[1:], {}, curves=curves).ask(choices)
    assert asked == ["c1", "c2"]
