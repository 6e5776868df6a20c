"""Probes that are solved for: how their strength is chosen, and training that starts from one."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.contracts.data import Places
from bench.contracts.training import Task
from bench.learning.recipe import batches
from bench.methods.descriptions import Strengths
from bench.methods.finetuning.lp_ft import LpFt
from bench.methods.finetuning.wise_ft import WiseFt
from bench.methods.frozen.linear_probe import LinearProbe
from bench.methods.frozen.ridge_probe import RidgeProbe
from bench.methods.solved import at_edge, probe_head
from tests.material.fitting import images_of, loaded, moved, state_of, task_for, trained_by


@pytest.mark.parametrize(
    ("probe", "strengths"), [(LinearProbe, (1e-3, 0.3, 1e4)), (RidgeProbe, (1e-3, 1.0, 1e6))], ids=["linear", "ridge"]
)
def test_solved_probe_chooses_on_validation_and_fits_again_on_all(
    places: Places, tmp_path: Path, probe: Any, strengths: tuple[float, ...]
) -> None:
    """The chosen layer is the one that the whole budget gives at the best l2."""
    _, task, _ = task_for(tmp_path, places)
    fitted = probe(l2=strengths).fit(task)
    features, labels = task.outputs(task.whole, None), task.labels
    scores = {}
    for l2 in strengths:
        alone = dataclasses.replace(task, val_index=np.empty(0, np.int64))
        module = loaded(probe(default_l2=l2).fit(alone))
        scores[l2] = float((module(features[task.val_index]).argmax(1).numpy() == labels[task.val_index]).mean())
    assert fitted.val_accuracy == max(scores.values()) > min(scores.values())
    assert scores[fitted.choice["l2"]] == fitted.val_accuracy
    assert len(fitted.states) == 1 + len(strengths)
    assert fitted.choice["C"] == pytest.approx(1 / (fitted.choice["l2"] * task.backbone.width))
    whole = np.sort(np.concatenate([task.fit_index, task.val_index]))
    everything = dataclasses.replace(task, fit_index=whole, val_index=np.empty(0, np.int64))
    again = probe(default_l2=fitted.choice["l2"]).fit(everything)
    torch.testing.assert_close(loaded(fitted).weight, loaded(again).weight, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("probe", [LinearProbe, RidgeProbe])
def test_solved_probe_takes_the_strongest_of_equals(places: Places, tmp_path: Path, probe: Any) -> None:
    """Whatever the order in which a suite lists them; strengths this near to each other choose alike."""
    _, task, _ = task_for(tmp_path, places)
    fitted = probe(l2=(1.0, 1.0002, 1.0001)).fit(task)
    assert fitted.choice["l2"] == 1.0002
    assert not fitted.choice["edge"]


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
    ("accuracies", "edge"),
    [([0.5], False), ([0.5, 0.6], True), ([0.5, 0.9, 0.5], False), ([0.9, 0.9, 0.5], False), ([0.5, 0.6, 0.7], True)],
)
def test_best_at_the_edge_of_the_range_is_noted(accuracies: list[float], edge: bool) -> None:
    """The best may lie beyond it; a tie says nothing."""
    assert at_edge(accuracies) is edge


NO_RATE: dict[str, Any] = {"learning_rate": 0.0, "head_learning_rate": 0.0, "weight_decay": 0.0}


def probe_on_fit(task: Task, l2: float) -> Any:
    """Return the linear probe of the training part alone."""
    return loaded(LinearProbe(default_l2=l2).fit(dataclasses.replace(task, val_index=np.empty(0, np.int64))))


@pytest.mark.parametrize("method", [LpFt(), WiseFt()])
@pytest.mark.parametrize("labels", [2, 6])
def test_start_is_where_the_linear_probe_ends(places: Places, tmp_path: Path, method: Any, labels: int) -> None:
    """Without a rate nothing moves: its logits are the probe's, of the training part alone, at the l2 it names."""
    overrides = ("grid.backbone=test_vit", f"grid.labels_per_class={labels}")
    _, task, _ = task_for(tmp_path, places, *overrides)
    fitted = method.fit(trained_by(task, **NO_RATE))
    probe = probe_on_fit(task, fitted.choice["l2"])
    features = task.outputs(task.whole, None)[:32]
    with torch.no_grad():
        torch.testing.assert_close(loaded(fitted)(images_of(task, 32)), probe(features), rtol=1e-3, atol=1e-3)
    assert fitted.trace is not None
    assert not fitted.trace.blank_start
    assert fitted.trace.losses[0] < 0.9 * np.log(10)


def test_l2_of_the_start_is_the_best_on_validation(places: Places, tmp_path: Path) -> None:
    """Where validation has the labels that one probe gives it, that one's l2 is taken."""
    _, task, _ = task_for(tmp_path, places, "grid.backbone=test_vit")
    features = task.outputs(task.whole, None)[task.val_index]
    answers = {l2: probe_on_fit(task, l2)(features).argmax(1).numpy() for l2 in (1e-3, 1e4)}
    assert (answers[1e-3] != answers[1e4]).any()
    for l2, answer in answers.items():
        labels = task.labels.copy()
        labels[task.val_index] = answer
        fitted = LpFt(l2=(1e-3, 1e4)).fit(dataclasses.replace(trained_by(task, **NO_RATE), labels=labels))
        assert fitted.choice["l2"] == l2
        assert fitted.val_accuracy == 1


def test_lp_ft_starts_where_the_probe_ended(places: Places, tmp_path: Path) -> None:
    """Batch normalisation too: the first loss is the probe's own on that batch, and its statistics stay."""
    _, task, backbone = task_for(tmp_path, places)
    head, _ = probe_head(task, Strengths(LpFt().l2, LpFt().default_l2))
    first = next(batches(task.fit_index, task.training.batch_size, task.seed_of("order")))
    features = task.outputs(task.whole, None)[first]
    expected = torch.nn.functional.cross_entropy(head(features), torch.from_numpy(task.labels[first]))
    before = state_of(backbone.network)
    kept = LpFt().fit(task)
    assert kept.trace is not None
    assert kept.trace.losses[0] == pytest.approx(expected.item(), rel=1e-3)
    running = {name for name in before if "running_" in name}
    assert running
    assert running <= kept.frozen
    assert not running & moved(before, backbone.network)
    _, again, other = task_for(tmp_path, places)
    adapted = LpFt(statistics="adapt").fit(again)
    assert adapted.trace is not None
    assert adapted.trace.losses[0] > 2 * expected.item()
    assert running <= moved(before, other.network)
