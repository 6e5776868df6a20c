"""Probes that are solved for: how their strength is chosen, and training that starts from one."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.contracts.data import Places
from bench.contracts.training import Fold, Score, Task
from bench.learning.choosing import score, score_at_best_scale
from bench.methods.frozen.linear_probe import LinearProbe
from bench.methods.frozen.ridge_probe import RidgeProbe
from bench.methods.solved import Point, at_edge, best_of
from tests.material.fitting import loaded, task_for


def without_choice(task: Task, **changes: Any) -> Task:
    """Return a task in which nothing can be chosen."""
    return dataclasses.replace(task, val_index=np.empty(0, np.int64), folds=(), **changes)


@pytest.mark.parametrize(
    ("probe", "strengths", "judge"),
    [(LinearProbe, (1e-3, 0.3, 1e4), score), (RidgeProbe, (1e-3, 1.0, 1e6), score_at_best_scale)],
    ids=["linear", "ridge"],
)
def test_solved_probe_chooses_by_folds_and_fits_again_on_all(
    places: Places, tmp_path: Path, probe: Any, strengths: tuple[float, ...], judge: Any
) -> None:
    """The chosen layer is the one that the whole budget gives at the l2 of the best Brier score on what is held out."""
    _, task, _ = task_for(tmp_path, places)
    fitted = probe(l2=strengths).fit(task)
    features = task.outputs(task.whole, None)
    assert len(task.folds) == 5
    expected = {}
    for l2 in strengths:
        answers = []
        for fold in task.folds:
            module = loaded(probe(default_l2=l2).fit(without_choice(task, fit_index=fold.fit)))
            answers.append(module(features[fold.held]).detach())
        labels = task.labels[np.concatenate([fold.held for fold in task.folds])]
        expected[l2] = judge(torch.cat(answers), labels)
    path = {point["l2"]: point for point in fitted.choice["path"]}
    assert list(path) == sorted(strengths, reverse=True)
    for l2, found in expected.items():
        assert path[l2]["val_accuracy"] == pytest.approx(found.accuracy, abs=0.02)
        assert path[l2]["val_loss"] == pytest.approx(found.loss, abs=2e-3)
    best = min(path.values(), key=lambda point: point["val_loss"])
    assert fitted.choice["l2"] == best["l2"]
    assert fitted.score is not None
    assert fitted.score.accuracy == best["val_accuracy"]
    assert len(fitted.states) == len(strengths)
    assert fitted.choice["C"] == pytest.approx(1 / (fitted.choice["l2"] * task.backbone.width))
    again = probe(default_l2=fitted.choice["l2"]).fit(without_choice(task, fit_index=task.budget_index))
    torch.testing.assert_close(loaded(fitted).weight, loaded(again).weight, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("probe", [LinearProbe, RidgeProbe])
def test_one_fold_chooses_as_validation_did(places: Places, tmp_path: Path, probe: Any) -> None:
    """Of a large budget, or beside the user's own images: no other candidate is fitted on all of it."""
    _, task, _ = task_for(tmp_path, places)
    fitted = probe().fit(dataclasses.replace(task, folds=(Fold(task.fit_index, task.val_index),)))
    assert len(fitted.states) == 1
    assert fitted.score is not None
    assert fitted.score.images == len(task.val_index)
    assert "on validation" in fitted.selection


def test_best_is_that_of_the_least_loss_and_of_equals_the_strongest() -> None:
    """Whatever their accuracies: of a dozen images these tie."""
    points = [
        Point(l2, Score(accuracy, loss, 10)) for l2, accuracy, loss in ((9, 1.0, 0.5), (3, 0.8, 0.2), (1, 0.9, 0.2))
    ]
    best = best_of(points)
    assert best is not None
    assert best.l2 == 3
    assert best_of([]) is None
    tiny = [Point(3.0, Score(1.0, 1e-9, 10)), Point(1.0, Score(1.0, 1e-40, 10))]
    best = best_of(tiny)
    assert best is not None
    assert best.l2 == 3.0, "what the arithmetic leaves of nothing tells nothing"
    assert not at_edge(tiny)


def test_gradient_solver_comes_near_the_exact_one(places: Places, tmp_path: Path) -> None:
    """With enough steps both fit the budget's training part; the trace is the gradient solver's alone."""
    method = "grid.method=[{name: linear_probe, solver: gradient, steps: 150, learning_rate: 0.05}]"
    made, task, _ = task_for(tmp_path, places, method)
    by_gradient, exactly = made.fit(task), LinearProbe(l2=(1e-3,)).fit(task)
    features, labels = task.outputs(task.whole, None)[task.fit_index], task.labels[task.fit_index]
    for fitted in (by_gradient, exactly):
        assert (loaded(fitted)(features).argmax(1).numpy() == labels).mean() > 0.95
    assert exactly.trace is None
    assert by_gradient.trace is not None
    assert by_gradient.trace.losses[-1] < 0.5 * by_gradient.trace.losses[0]


@pytest.mark.parametrize(
    ("losses", "edge"),
    [([0.5], False), ([0.5, 0.4], True), ([0.5, 0.1, 0.5], False), ([0.1, 0.1, 0.5], False), ([0.5, 0.4, 0.3], True)],
)
def test_best_at_the_edge_of_the_range_is_noted(losses: list[float], edge: bool) -> None:
    """The best may lie beyond it; a tie says nothing."""
    assert at_edge([Point(1.0, Score(0.5, loss, 10)) for loss in losses]) is edge
