"""Classifiers on frozen features: each has what fits it, and learns from augmented views beside the images."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt
import pytest
import torch

from bench.catalog import METHODS
from bench.contracts.data import Places
from bench.contracts.networks import FrozenPart
from bench.contracts.training import Fitted, Inputs, Task, View, Watch
from bench.learning.choosing import score, score_at_best_scale
from bench.learning.solvers import Solution, Standardiser, logistic, ridge
from bench.methods.descriptions import Probe
from bench.methods.frozen.probing import FITS
from bench.suites.choices import make
from tests.material import tiny


def task_for(folder: Path, places: Places, *overrides: str) -> tuple[Task, list[View | None]]:
    """Return the task of a tiny cell, and a list of the views that are asked for."""
    task, _ = tiny.task_of(tiny.one_cell(folder, *overrides), places)
    asked: list[View | None] = []

    def outputs(part: FrozenPart, view: View | None) -> torch.Tensor:
        assert part.name == "features"
        asked.append(view)
        return task.outputs(part, view)

    return dataclasses.replace(task, outputs=outputs), asked


def fit(task: Task, folder: Path, method: str) -> Fitted:
    """Learn a task by a method as a suite writes it."""
    fitted: Fitted = make(METHODS, tiny.one_cell(folder, f"grid.method=[{method}]").method).fit(task)
    return fitted


@pytest.mark.slow
@pytest.mark.parametrize("method", ["linear_probe", "ridge_probe", "mlp_probe", "linear_probe, solver: gradient"])
@pytest.mark.parametrize(("augmentation", "kind"), [("none", "basic"), ("randaugment", "randaugment")])
def test_views_are_those_of_the_recipes_augmentation(
    places: Places, tmp_path: Path, method: str, augmentation: str, kind: str
) -> None:
    """By the basic one where it has none; without views the plain images alone."""
    task, asked = task_for(tmp_path, places, f"train.augmentation={augmentation}")
    fit(task, tmp_path, f"{{name: {method}}}")
    assert asked == [None]
    fit(task, tmp_path, f"{{name: {method}, views: 2}}")
    assert asked[1:] == [None, (kind, 0), (kind, 1)]


@pytest.mark.parametrize(("method", "solve"), [("linear_probe", logistic), ("ridge_probe", ridge)])
def test_solved_probe_takes_views_for_more_images_of_the_same_labels(
    places: Places, tmp_path: Path, method: str, solve: Callable[..., list[Solution]]
) -> None:
    """Each layer is that of the stacked problem; the choice is made on plain images."""
    task, _ = task_for(tmp_path, places)
    fitted = fit(task, tmp_path, f"{{name: {method}, views: 2, l2: [0.1, 10.0]}}")
    seen = [task.outputs(task.whole, view) for view in (None, ("basic", 0), ("basic", 1))]

    def stacked(index: npt.NDArray[np.int64], l2: float) -> torch.nn.Linear:
        rows = torch.cat([features[index] for features in seen])
        standardise = Standardiser.of(rows)
        labels = torch.from_numpy(np.tile(task.labels[index], 3))
        (solution,) = solve(standardise(rows), labels, 10, [l2 * task.backbone.width])
        return standardise.fold(solution.weight, solution.bias)

    whole = np.sort(np.concatenate([task.fit_index, task.val_index]))
    other = 10.1 - fitted.choice["l2"]
    tried = [(whole, fitted.choice["l2"]), (whole, other)]
    for number, (index, l2) in enumerate(tried):
        expected = stacked(index, l2).weight.detach()
        torch.testing.assert_close(fitted.states[number]["weight"], expected, rtol=1e-3, atol=1e-4)
    judge = score_at_best_scale if method == "ridge_probe" else score
    losses = {}
    for l2 in (10.0, 0.1):
        answers = [stacked(fold.fit, l2)(seen[0][fold.held]).detach() for fold in task.folds]
        losses[l2] = judge(torch.cat(answers), task.labels[np.concatenate([fold.held for fold in task.folds])]).loss
    for point in fitted.choice["path"]:
        assert point["val_loss"] == pytest.approx(losses[point["l2"]], abs=2e-3)


class Noting(Watch):
    """Notes the rows of each training batch."""

    def __init__(self) -> None:
        self.rows: list[torch.Tensor] = []

    def inputs(self, inputs: Inputs) -> Inputs:
        rows = self.rows

        class Reading:
            def read(self, index: np.ndarray, generator: torch.Generator | None) -> torch.Tensor:
                rows.append(inputs.read(index, generator))
                return rows[-1]

            def place(self, batch: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
                return inputs.place(batch, generator)

        return Reading()


@pytest.mark.parametrize("method", ["mlp_probe", "linear_probe, solver: gradient"])
def test_trained_probe_draws_each_batch_from_one_of_the_views(places: Places, tmp_path: Path, method: str) -> None:
    """From each of them in its turn, by the seed of the augmentation; never from the plain images, which validate."""
    watch = Noting()
    task, _ = task_for(tmp_path, places, "train.steps=12")
    task = dataclasses.replace(task, watch=watch)
    fitted = fit(task, tmp_path, f"{{name: {method}, views: 2}}")
    views = [task.outputs(task.whole, view)[task.fit_index] for view in (("basic", 0), ("basic", 1))]
    drawn = [
        [number for number, view in enumerate(views) if all((view == row).all(1).any() for row in batch)]
        for batch in watch.rows
    ]
    generator = torch.Generator().manual_seed(task.seed_of("augmentation"))
    expected = [[int(torch.randint(2, (), generator=generator))] for _ in range(12)]
    assert drawn == expected
    assert [0] in drawn
    assert [1] in drawn
    plain = task.outputs(task.whole, None)[task.val_index]
    fitted.module.load_state_dict(fitted.states[fitted.chosen])
    with torch.no_grad():
        right = fitted.module.eval()(plain).argmax(1).numpy() == task.labels[task.val_index]
    assert fitted.score is not None
    assert fitted.score.accuracy == pytest.approx(right.mean())


def test_every_description_of_a_probe_has_a_function_that_fits_it() -> None:
    """None that nobody describes."""
    assert set(FITS) == set(get_args(Probe))
