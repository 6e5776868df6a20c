"""What each method alone does to the backbone: which tensors it moves, which it must leave, what it chooses by."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.backbones.building import state_sha256
from bench.catalog import METHODS
from bench.contracts.data import Places
from bench.contracts.networks import Backbone
from bench.contracts.training import Fitted, Task
from bench.errors import InvalidData
from bench.methods.finetuning.partial_finetune import PartialFinetune
from bench.methods.frozen.linear_probe import LinearProbe
from bench.methods.frozen.ridge_probe import RidgeProbe
from bench.methods.solved import at_edge
from bench.suites.choices import make
from tests.material import tiny


def task_for(folder: Path, places: Places, *overrides: str) -> tuple[Any, Task, Backbone]:
    """Return the method of a tiny cell, its task and its backbone."""
    cell = tiny.one_cell(folder, *overrides)
    task, backbone = tiny.task_of(cell, places)
    return make(METHODS, cell.method), task, backbone


def fit(folder: Path, places: Places, *overrides: str) -> tuple[Fitted, Backbone, set[str]]:
    """Fit a method; return what it gave, the backbone, and the names of the tensors that it moved."""
    method, task, backbone = task_for(folder, places, *overrides)
    before = hashes(backbone)
    fitted = method.fit(task)
    after = hashes(backbone)
    return fitted, backbone, {name for name in before if before[name] != after[name]}


def hashes(backbone: Backbone) -> dict[str, str]:
    """Return a hash of each tensor of the network."""
    state = backbone.network.state_dict()
    return {name: state_sha256(state, [name]) for name in state}


def tensors_of(backbone: Backbone, stages: tuple[tuple[str, ...], ...]) -> set[str]:
    """Return all names in the state, buffers too, of the modules that hold the parameters of some stages."""
    parameters = {name for stage in stages for name in stage}
    modules = {name.rpartition(".")[0] for name in parameters}
    return {name for name in backbone.network.state_dict() if name.rpartition(".")[0] in modules}


@pytest.mark.parametrize(
    "method",
    [
        "linear_probe",
        "[{name: linear_probe, solver: gradient}]",
        "ridge_probe",
        "mlp_probe",
        "[{name: mlp_probe, hidden: [8], views: 1}]",
        "[{name: linear_probe, layer: [1, 2]}]",
        "knn",
        "prototype",
    ],
)
def test_probe_leaves_every_bit_of_the_backbone(cold_places: Places, tmp_path: Path, method: str) -> None:
    """Parameters and buffers, though features are extracted with it; it does so in `eval()`."""
    fitted, backbone, moved = fit(tmp_path, cold_places, f"grid.method={method}")
    assert moved == set()
    assert fitted.on_features
    assert fitted.frozen == set(backbone.network.state_dict())
    assert not any(module.training for module in backbone.network.modules())


@pytest.mark.parametrize(
    "method",
    [
        "finetune",
        "scratch",
        "[{name: lp_ft, statistics: adapt}]",
        "layerwise_lr_decay",
        "l2_sp",
        "delta",
        "bss",
        "[{name: fixmatch, mu: 1}]",
    ],
)
def test_whole_network_learns(places: Places, tmp_path: Path, method: str) -> None:
    """Every parameter moves, and the statistics of normalisation too."""
    fitted, backbone, moved = fit(tmp_path, places, f"grid.method={method}")
    assert moved == set(backbone.network.state_dict())
    assert fitted.frozen == frozenset()


@pytest.mark.parametrize("prefix", ["cached", "inline"])
@pytest.mark.parametrize("stages", [1, 2, 4])
def test_partial_finetune_moves_exactly_the_last_stages(
    places: Places, tmp_path: Path, stages: int, prefix: str
) -> None:
    """Their parameters and buffers all move; those before keep every bit, the statistics of normalisation too."""
    method = f"[{{name: partial_finetune, stages: {stages}, prefix: {prefix}}}]"
    fitted, backbone, moved = fit(tmp_path, places, f"grid.method={method}", "train.steps=6")
    assert (fitted.part is not None) == (prefix == "cached")
    expected = tensors_of(backbone, backbone.stages[-stages:])
    assert moved == expected
    assert fitted.frozen == set(backbone.network.state_dict()) - expected
    assert any("running_mean" in name for name in fitted.frozen)
    kept = {name.removeprefix("backbone.") for name in fitted.states[-1] if not name.startswith("head")}
    assert kept == expected


def test_partial_finetune_refuses_more_stages_than_there_are(places: Places, tmp_path: Path) -> None:
    """The message names both numbers."""
    _, task, backbone = task_for(tmp_path, places, "grid.method=partial_finetune")
    count = len(backbone.stages)
    with pytest.raises(InvalidData, match=f"{count + 1} .*{count}"):
        PartialFinetune(stages=count + 1).fit(task)


def test_scratch_ignores_the_weights_axis(tmp_path: Path) -> None:
    """One cell, `random`, whatever weights a suite lists."""
    path = tiny.write_suite(tmp_path)
    cells = tiny.cells_of(path, ["grid.weights=[pretrained, random]", "grid.labels_per_class=6"])
    assert [cell.weights for cell in cells if cell.method.name == "scratch"] == ["random"]
    assert sorted(cell.weights for cell in cells if cell.method.name == "finetune") == ["pretrained", "random"]


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


def loaded(fitted: Fitted) -> Any:
    """Return the chosen model."""
    fitted.module.load_state_dict(fitted.states[fitted.chosen], strict=False)
    return fitted.module.eval().requires_grad_(False)


@pytest.mark.parametrize(
    "method",
    [
        "[{name: linear_probe, views: 1}]",
        "[{name: linear_probe, solver: gradient}]",
        "ridge_probe",
        "mlp_probe",
        "[{name: partial_finetune, prefix: cached}]",
        "finetune",
        "knn",
        "prototype",
        "lp_ft",
        "wise_ft",
        "[{name: fixmatch, mu: 1, threshold: 0.0}]",
    ],
)
def test_labels_outside_the_budget_are_never_read(places: Places, tmp_path: Path, method: str) -> None:
    """Other labels there give the same model, bit for bit."""

    def states(spoil: bool) -> list[dict[str, torch.Tensor]]:
        made, task, _ = task_for(tmp_path, places, f"grid.method={method}")
        labels = task.labels.copy()
        outside = np.setdiff1d(np.arange(len(labels)), np.concatenate([task.fit_index, task.val_index]))
        if spoil:
            labels[outside] = 0
        return list(made.fit(dataclasses.replace(task, labels=labels)).states)

    assert same(states(spoil=False), states(spoil=True))


def same(left: list[dict[str, torch.Tensor]], right: list[dict[str, torch.Tensor]]) -> bool:
    """Say whether two lists of states are equal to the last bit."""
    assert len(left) == len(right)
    return all(
        one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
        for one, other in zip(left, right, strict=True)
    )


def test_validation_labels_choose_but_do_not_train(places: Places, tmp_path: Path) -> None:
    """With other validation labels the checkpoints of fine-tuning are the same; only the choice may differ."""
    made, task, _ = task_for(tmp_path, places, "grid.method=finetune")
    straight = made.fit(task)
    made, task, _ = task_for(tmp_path, places, "grid.method=finetune")
    labels = task.labels.copy()
    labels[task.val_index] = (labels[task.val_index] + 1) % 10
    spoilt = made.fit(dataclasses.replace(task, labels=labels))
    assert same(list(straight.states), list(spoilt.states))


@pytest.mark.parametrize("hidden", [(8,), (16, 4), (256, 256)])
def test_mlp_probe_has_the_hidden_layers_asked_for(places: Places, tmp_path: Path, hidden: tuple[int, ...]) -> None:
    """Their widths in order, an output layer of zeros that moves off them, and as many parameters as counted."""
    fitted, backbone, _ = fit(tmp_path, places, f"grid.method=[{{name: mlp_probe, hidden: {list(hidden)}}}]")
    layers = [module for module in fitted.module.modules() if isinstance(module, torch.nn.Linear)]
    assert [layer.in_features for layer in layers] == [backbone.width, *hidden]
    assert [layer.out_features for layer in layers] == [*hidden, 10]
    assert fitted.trainable_params == sum(parameter.numel() for parameter in fitted.module.parameters())


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
    "method", ["mlp_probe", "finetune", "partial_finetune", "scratch", "gradual_unfreezing", "bitfit", "norm_tuning"]
)
def test_first_loss_is_that_of_knowing_nothing(places: Places, tmp_path: Path, method: str) -> None:
    """A head of zeros gives ln(classes)."""
    fitted, _, _ = fit(tmp_path, places, f"grid.method={method}", "train.steps=1")
    assert fitted.trace is not None
    assert fitted.trace.losses[0] == pytest.approx(np.log(10), rel=1e-5)


@pytest.mark.parametrize(
    ("accuracies", "edge"),
    [([0.5], False), ([0.5, 0.6], True), ([0.5, 0.9, 0.5], False), ([0.9, 0.9, 0.5], False), ([0.5, 0.6, 0.7], True)],
)
def test_best_at_the_edge_of_the_range_is_noted(accuracies: list[float], edge: bool) -> None:
    """The best may lie beyond it; a tie says nothing."""
    assert at_edge(accuracies) is edge
