"""Trials: every method the same number, chosen on validation alone, all of them kept, their cost charged."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from bench.cell.cell import run_cell
from bench.cell.tuning import tune, untuned
from bench.contracts.data import Places
from bench.contracts.training import Score
from bench.errors import Diverged, InvalidData, InvalidSuite
from bench.schema import Cell
from tests.material import tiny

SPACE = "tune={trials: 3, space: {all: {learning_rate: {low: 1e-4, high: 1e-1, log: true}}}}"


def cell_with(folder: Path, rates: list[float], search: Any = "random", **training: Any) -> Cell:
    """A cell that tries learning rates."""
    cell = tiny.one_cell(folder, "grid.method=finetune")
    training_keys = dataclasses.replace(cell.training, **training)
    trials = tuple({"learning_rate": rate} for rate in rates)
    return dataclasses.replace(cell, trials=trials, search=search, training=training_keys)


class Scores:
    """Validation accuracies by learning rate; a rate that it does not know diverges."""

    def __init__(self, scores: dict[float, float], losses: dict[float, float] | None = None) -> None:
        self.scores = scores
        self.losses = losses or {}
        self.seen: list[tuple[float, int | None]] = []

    def __call__(self, cell: Cell) -> Score | None:
        rate = cell.training.learning_rate
        self.seen.append((rate, cell.training.steps))
        assert not cell.trials
        if rate not in self.scores:
            raise Diverged("the loss is nan")
        return Score(self.scores[rate], self.losses.get(rate, 1.0), 40)


def test_best_on_validation_is_taken_and_all_trials_are_kept(tmp_path: Path) -> None:
    """A trial that diverged is one without an accuracy; of equals the first wins."""
    rates = [0.1, 0.2, 0.3, 0.4]
    tuned = tune(cell_with(tmp_path, rates), Scores({0.2: 0.7, 0.3: 0.9, 0.4: 0.9}), tiny.ignore)
    assert tuned.cell.training.learning_rate == 0.3
    assert tuned.edges == ()
    assert tuned.trials is not None
    assert [trial["settings"]["learning_rate"] for trial in tuned.trials] == rates
    assert [trial["val_accuracy"] for trial in tuned.trials] == [None, 0.7, 0.9, 0.9]
    assert all(trial["share"] == 1.0 for trial in tuned.trials)
    assert tuned.seconds >= sum(trial["seconds"] for trial in tuned.trials) - 1e-3


@pytest.mark.parametrize(("best", "edges"), [(0.1, ("learning_rate",)), (0.2, ()), (0.4, ("learning_rate",))])
def test_best_at_the_edge_of_what_was_tried_is_noticed(tmp_path: Path, best: float, edges: tuple[str, ...]) -> None:
    """By key."""
    scores = {0.1: 0.5, 0.2: 0.5, 0.4: 0.5, best: 0.9}
    assert tune(cell_with(tmp_path, [0.2, 0.1, 0.4]), Scores(scores), tiny.ignore).edges == edges


def test_halving_trains_few_long(tmp_path: Path) -> None:
    """Eight for a quarter of the steps, the better four for a half, two for all; then the winner."""
    rates = [float(rate) for rate in range(1, 9)]
    scores = Scores({rate: rate / 10 for rate in rates})
    tuned = tune(cell_with(tmp_path, rates, "halving", steps=40), scores, tiny.ignore)
    assert [steps for _, steps in scores.seen] == [10] * 8 + [20] * 4 + [40] * 2
    assert {rate for rate, steps in scores.seen if steps == 20} == {5.0, 6.0, 7.0, 8.0}
    assert (tuned.cell.training.learning_rate, tuned.cell.training.steps) == (8.0, 40)
    assert tuned.trials is not None
    assert [trial["share"] for trial in tuned.trials] == [0.25] * 8 + [0.5] * 4 + [1.0] * 2


def test_method_that_nothing_validates_is_refused(tmp_path: Path) -> None:
    """It would be the first setting of the list, and look chosen."""
    with pytest.raises(InvalidData, match="finetune: has no validation accuracy to tune by"):
        tune(cell_with(tmp_path, [0.1, 0.2]), lambda cell: None, tiny.ignore)


def test_untuned_cell_is_itself(tmp_path: Path) -> None:
    cell = tiny.one_cell(tmp_path)
    assert untuned(cell).cell == cell
    assert untuned(cell).trials is None


def test_with_few_labels_a_cell_takes_what_it_has_for_them(tmp_path: Path) -> None:
    cell = dataclasses.replace(cell_with(tmp_path, [0.1, 0.2], "short"), few_labels={"learning_rate": 0.15})
    assert untuned(cell).cell.training.learning_rate == 0.15
    assert untuned(cell).trials is None


@pytest.mark.parametrize(
    ("accuracies", "losses", "taken"),
    [
        ({0.2: 0.5, 0.1: 0.55, 0.6: 0.5}, {0.1: 0.5}, 0.1),
        ({0.2: 0.5, 0.1: 0.525, 0.6: 0.5}, {0.1: 0.5}, 0.2),
        ({0.2: 0.5, 0.1: 0.9, 0.6: 0.5}, {0.1: 1.5}, 0.2),
        ({0.2: 0.5, 0.1: 0.6, 0.6: 0.7}, {0.1: 0.5, 0.6: 0.9}, 0.1),
        ({0.1: 0.2, 0.6: 0.1}, {0.1: 0.9}, 0.1),
    ],
    ids=[
        "two images more",
        "one image more",
        "more right, with a larger loss",
        "of two the smaller loss",
        "own diverged",
    ],
)
def test_own_rate_stays_unless_another_is_told_from_it(
    tmp_path: Path, accuracies: dict[float, float], losses: dict[float, float], taken: float
) -> None:
    """Short trials take as long as one training, all together."""
    scores = Scores(accuracies, losses)
    tuned = tune(cell_with(tmp_path, [0.2, 0.1, 0.6], "short", steps=90), scores, tiny.ignore)
    assert [steps for _, steps in scores.seen] == [30, 30, 30]
    assert (tuned.cell.training.learning_rate, tuned.cell.training.steps) == (taken, 90)


@pytest.fixture(scope="module")
def tuned_fields(tmp_path_factory: pytest.TempPathFactory, places: Places) -> tuple[Cell, dict[str, Any]]:
    """A cell that was tuned, and its record's fields."""
    folder = tmp_path_factory.mktemp("tuned")
    cell = tiny.one_cell(folder, "grid.method=finetune", SPACE)
    return cell, dict(run_cell(tiny.job_of(cell, places), tiny.ignore).fields)


def test_tuned_cell_tells_all_and_is_charged(tuned_fields: tuple[Cell, dict[str, Any]]) -> None:
    """Three trials, their seconds in `tune_s`, the best of them in `chosen`."""
    cell, fields = tuned_fields
    assert len(cell.trials) == len(fields["trials"]) == 3
    assert fields["tune_s"] >= sum(trial["seconds"] for trial in fields["trials"]) * 0.9
    best = max(fields["trials"], key=lambda trial: trial["val_accuracy"])
    assert fields["chosen"]["tuned"] == best["settings"]
    assert fields["val_accuracy"] == best["val_accuracy"], "the final run is the chosen trial's"
    assert all(fields["audit"][check] in (True, None) for check in fields["audit"])


def test_final_run_is_that_of_a_cell_with_the_chosen_settings(
    tuned_fields: tuple[Cell, dict[str, Any]], places: Places
) -> None:
    """Digit for digit: trials leave no trace in it."""
    cell, fields = tuned_fields
    training = dataclasses.replace(cell.training, **fields["chosen"]["tuned"])
    plain = dataclasses.replace(cell, training=training, trials=(), search=None)
    alone = run_cell(tiny.job_of(plain, places), tiny.ignore).fields
    for key in ("accuracy", "val_accuracy", "initial_loss", "final_loss", "oracle_accuracy"):
        assert alone[key] == fields[key]


def test_too_small_a_budget_is_not_tuned(tmp_path: Path, places: Places) -> None:
    """Nothing validates there: the method's own settings, and no trials in the record."""
    cell = tiny.one_cell(tmp_path, "grid.method=finetune", "grid.labels_per_class=2", SPACE)
    fields = run_cell(tiny.job_of(cell, places), tiny.ignore).fields
    assert fields["trials"] is None
    assert "tuned" not in fields["chosen"]


def test_all_cells_of_a_method_try_the_same(tmp_path: Path) -> None:
    """Whatever the budget and the seed; adding another method moves none of them."""
    suite = tiny.write_suite(tmp_path)
    cells = tiny.cells_of(suite, [SPACE, "grid.method=[finetune, scratch]", "grid.seed=[0, 1]"])
    for method in ("finetune", "scratch"):
        assert len({str(cell.trials) for cell in cells if cell.method.name == method}) == 1
    alone = tiny.cells_of(suite, [SPACE, "grid.method=finetune", "grid.seed=0"])
    assert {cell.cell_id for cell in alone} <= {cell.cell_id for cell in cells}


def test_common_space_is_not_for_what_is_solved(tmp_path: Path) -> None:
    """A learning rate means nothing to it; a space of its own does."""
    suite = tiny.write_suite(tmp_path)
    gradient = "{name: linear_probe, solver: gradient}"
    cells = tiny.cells_of(suite, [SPACE, f"grid.method=[linear_probe, ridge_probe, {gradient}, scratch]"])
    tuned = {cell.method.label for cell in cells if cell.trials}
    assert tuned == {"scratch", "linear_probe(solver=gradient)"}
    own = SPACE.replace("{all:", "{ridge_probe: {default_l2: [1, 2]}, all:")
    assert all(len(cell.trials) == 2 for cell in tiny.cells_of(suite, [own, "grid.method=ridge_probe"]))


@pytest.mark.parametrize(
    ("space", "said"),
    [
        ("{all: {lerning_rate: [0.1, 0.2]}}", "tune.space.all: unknown training key 'lerning_rate'; did you mean"),
        ("{fintune: {learning_rate: [0.1]}}", "unknown method 'fintune'; did you mean finetune"),
        ("{partial_finetune: {stages: [0, 1]}}", "partial_finetune: stages: must be at least 1"),
        ("{all: {learning_rate: {low: 1, high: 0.1}}}", "low must be less than high"),
        ("{all: {learning_rate: {low: 0, high: 1, log: true}}}", "more than 0"),
        ("{all: {learning_rate: []}}", "is empty"),
    ],
)
def test_space_that_can_not_be_is_named(tmp_path: Path, space: str, said: str) -> None:
    """With its place."""
    with pytest.raises(InvalidSuite) as raised:
        tiny.cells_of(tiny.write_suite(tmp_path), [f"tune={{trials: 3, space: {space}}}"])
    assert said in str(raised.value)
