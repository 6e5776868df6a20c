"""What fine-tuning's penalties pull at: weights, feature maps, weak directions, the source's classes."""

import dataclasses
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from bench.contracts.data import Places
from bench.contracts.networks import Backbone
from bench.contracts.training import Fitted, Task
from bench.errors import InvalidData
from bench.learning.training import Step, classify
from bench.methods.finetuning.bss import Bss
from bench.methods.finetuning.co_tuning import CoTuning, direct, reverse, shares_of
from bench.methods.finetuning.delta import Delta
from bench.methods.finetuning.finetune import Finetune
from bench.methods.finetuning.l2_sp import L2Sp
from bench.methods.gradient import penalised
from tests.material.fitting import images_of, loaded, moved, state_of, task_for, trained_by

BACKBONES = ["test_resnet", "test_vit"]
SOURCE_CLASSES = 7


def model_of(task: Task) -> nn.Sequential:
    """Return the backbone in `eval()` with a head that is not blank."""
    torch.manual_seed(1)
    head = nn.Linear(task.backbone.width, task.n_classes)
    return nn.Sequential(OrderedDict(backbone=task.backbone.network, head=head)).eval()


def a_step(task: Task, model: nn.Module) -> Step:
    """Return a step on some images of the training part."""
    index = task.fit_index[:12]
    batch = images_of(task, len(task.labels))[torch.from_numpy(index)]
    targets = functional.one_hot(torch.from_numpy(task.labels[index]), task.n_classes).float()
    return Step(model, batch, targets, index, 0.0, torch.Generator().manual_seed(0))


def added_by(method: Any, task: Task, model: nn.Sequential) -> Callable[[], torch.Tensor]:
    """Return what gives what a method adds to the recipe's loss, from where the model is now on."""
    tuning = method.tuning(task)
    objective = penalised(task, model, tuning, tuning.penalty(model.get_submodule("backbone")))
    return lambda: penalty(task, objective, model)


def penalty(task: Task, objective: Any, model: nn.Sequential) -> torch.Tensor:
    """Return what an objective adds to the recipe's loss."""
    step = a_step(task, model)
    with torch.no_grad():
        return objective(step) - classify(task.training)(step)


def shifted(network: nn.Module, by: float) -> None:
    """Move every parameter of a network."""
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += by * torch.randn(parameter.shape, generator=generator)


def fit(folder: Path, places: Places, method: Any, *overrides: str) -> tuple[Fitted, Backbone, dict[str, Any]]:
    """Fit a method; return also the backbone, and its state before."""
    _, task, backbone = task_for(folder, places, "train.steps=8", *overrides)
    before = state_of(backbone.network)
    return method.fit(trained_by(task, weight_decay=0.0)), backbone, before


@pytest.mark.parametrize("backbone", BACKBONES)
def test_l2_sp_is_the_distance_from_the_start(places: Places, tmp_path: Path, backbone: str) -> None:
    """Half of its square, times alpha; the head's own, times beta; nothing but the head's at the start."""
    _, task, _ = task_for(tmp_path, places, f"grid.backbone={backbone}")
    model = model_of(task)
    added = added_by(L2Sp(alpha=0.3, beta=0.2), task, model)
    head = sum(float(each.detach().square().sum()) for each in model.get_submodule("head").parameters()) / 2
    assert float(added()) == pytest.approx(0.2 * head, rel=1e-4)
    before = [parameter.detach().clone() for parameter in task.backbone.network.parameters()]
    shifted(task.backbone.network, 0.01)
    now = task.backbone.network.parameters()
    far = sum(float((one - other).detach().square().sum()) for one, other in zip(now, before, strict=True)) / 2
    assert float(added()) == pytest.approx(0.3 * far + 0.2 * head, rel=1e-3)


def test_strong_l2_sp_holds_the_weights_near_their_start(places: Places, tmp_path: Path) -> None:
    """Nearer than without it."""

    def far(alpha: float) -> float:
        _, backbone, before = fit(tmp_path, places, L2Sp(alpha=alpha, beta=0.0), "grid.backbone=test_vit")
        return sum(
            float((each - before[name]).detach().square().sum()) for name, each in backbone.network.named_parameters()
        )

    assert far(100.0) < 0.8 * far(0.0)


@pytest.mark.parametrize("method", [L2Sp(alpha=0.0, beta=0.0), Delta(alpha=0.0, beta=0.0), Bss(eta=0.0)])
def test_penalty_of_no_weight_is_fine_tuning(places: Places, tmp_path: Path, method: Any) -> None:
    """To the last bits; the audit of the first loss is off all the same."""
    penalised, _, _ = fit(tmp_path, places, method)
    plain, _, _ = fit(tmp_path, places, Finetune())
    assert penalised.trace is not None
    assert plain.trace is not None
    assert list(penalised.trace.losses) == pytest.approx(list(plain.trace.losses), rel=1e-4)
    assert not penalised.trace.blank_start


@pytest.mark.parametrize("backbone", BACKBONES)
def test_delta_is_the_distance_of_feature_maps_from_the_start(places: Places, tmp_path: Path, backbone: str) -> None:
    """None where nothing has moved; by hand for one stage; the copy of the start never moves."""
    _, task, _ = task_for(tmp_path, places, f"grid.backbone={backbone}")
    model = model_of(task)
    network = task.backbone.network
    stages = ("layer1", "layer2", "layer3", "layer4") if backbone == "test_resnet" else None
    added = added_by(Delta(alpha=0.5, beta=0.0), task, model)
    assert float(added()) == pytest.approx(0, abs=1e-6)
    step = a_step(task, model)
    before = maps(network, step.batch, stages)
    shifted(network, 0.05)
    after = maps(network, step.batch, stages)
    found = float(added())
    if stages:
        expected = sum(
            float((one - other).square().sum(1).mean((1, 2)).mean()) / 2
            for one, other in zip(after, before, strict=True)
        )
        assert found == pytest.approx(0.5 * expected, rel=1e-3)
    assert found > 0
    assert float(added()) == found


def maps(network: nn.Module, batch: torch.Tensor, stages: tuple[str, ...] | None) -> list[torch.Tensor]:
    """Return the outputs of a network's children, one after another."""
    found = []
    with torch.no_grad():
        for name, child in network.named_children() if stages else ():
            batch = child(batch)
            if name in stages:
                found.append(batch)
    return found


@pytest.mark.parametrize("method", [Delta(), Bss(), CoTuning()])
def test_loss_that_needs_features_is_refused_with_a_compiled_pass(places: Places, tmp_path: Path, method: Any) -> None:
    """With what to write instead."""
    _, task, _ = task_for(tmp_path, places)
    with pytest.raises(InvalidData, match="compile: none"):
        method.fit(trained_by(task, compile="default"))


@pytest.mark.parametrize("smallest", [1, 3])
def test_bss_is_the_square_of_the_smallest_singular_values(places: Places, tmp_path: Path, smallest: int) -> None:
    """Of the features of the batch."""
    _, task, _ = task_for(tmp_path, places, "grid.backbone=test_vit")
    model = model_of(task)
    added = added_by(Bss(eta=2.0, smallest=smallest), task, model)
    with torch.no_grad():
        values = torch.linalg.svdvals(task.backbone.network(a_step(task, model).batch))
    expected = 2.0 * float(values.sort().values[:smallest].square().sum())
    assert expected > 0
    assert float(added()) == pytest.approx(expected, rel=1e-2, abs=1e-5)


def test_strong_bss_shrinks_the_weakest_direction(places: Places, tmp_path: Path) -> None:
    """Against the strongest one, on the images that were learnt from."""
    _, task, _ = task_for(tmp_path, places)

    def weakest(eta: float) -> float:
        method = Bss(eta=eta, smallest=20)
        fitted, backbone, _ = fit(tmp_path, places, method, "grid.backbone=test_vit", "train.learning_rate=0.001")
        loaded(fitted)
        with torch.no_grad():
            values = torch.linalg.svdvals(backbone.network(images_of(task, 48)))
        return float(values[-20:].sum() / values.sum())

    assert weakest(10.0) < 0.9 * weakest(0.0)


def with_source(task: Task) -> Task:
    """Return the task with a network that was trained on some other classes."""
    torch.manual_seed(3)
    head = nn.Linear(task.backbone.width, SOURCE_CLASSES)
    return dataclasses.replace(task, backbone=dataclasses.replace(task.backbone, source_head=head))


@pytest.mark.parametrize("backbone", BACKBONES)
def test_co_tuning_trains_the_source_classifier_beside_the_head(places: Places, tmp_path: Path, backbone: str) -> None:
    """It counts among what learns, and is gone from the network afterwards; what it was given stays as it was."""
    _, task, built = task_for(tmp_path, places, f"grid.backbone={backbone}")
    task = with_source(task)
    assert task.backbone.source_head is not None
    given = state_of(task.backbone.source_head)
    before = state_of(built.network)
    fitted = CoTuning().fit(task)
    assert moved(given, task.backbone.source_head) == set()
    assert moved(before, built.network) == set(before)
    assert fitted.trace is not None
    assert fitted.trace.optimizer_exact
    extra = SOURCE_CLASSES * (built.width + 1)
    assert fitted.trainable_params == sum(each.numel() for each in fitted.model.parameters()) + extra
    assert not torch.equal(fitted.states[-1]["backbone.source_head.weight"], given["weight"])
    assert loaded(fitted)(images_of(task, 2)).shape == (2, 10)


def test_direct_relationship_is_the_mean_of_what_the_source_says(places: Places, tmp_path: Path) -> None:
    """By class, over the images that are learnt from; a class without one has zeros."""
    _, task, _ = task_for(tmp_path, places)
    task = with_source(task)
    lacking = dataclasses.replace(task, fit_index=task.fit_index[task.labels[task.fit_index] != 4])
    source = task.backbone.source_head
    assert source is not None
    shares = source(task.outputs(task.whole, None)).softmax(1).detach()
    torch.testing.assert_close(shares_of(source, task, task.fit_index), shares[task.fit_index])
    found = direct(shares[lacking.fit_index], lacking)
    for label in range(10):
        index = lacking.fit_index[lacking.labels[lacking.fit_index] == label]
        expected = shares[index].mean(0) if len(index) else torch.zeros(SOURCE_CLASSES)
        torch.testing.assert_close(found[label], expected)


@pytest.mark.parametrize("learn", [direct, reverse])
def test_relationship_finds_which_classes_go_together(places: Places, tmp_path: Path, learn: Any) -> None:
    """A source that names every target class by another number; two of its classes are never named."""
    _, task, _ = task_for(tmp_path, places)
    number = torch.tensor([3, 1, 0, 2, 4, 9, 8, 7, 6, 5])
    logits = 5.0 * functional.one_hot(number[torch.from_numpy(task.labels[task.fit_index])], 12)
    found = learn(logits.softmax(1), task)
    assert found.shape == (10, 12)
    assert torch.equal(found.argmax(1), number)
    assert found.gather(1, number.unsqueeze(1)).min() > 0.8
    torch.testing.assert_close(found.sum(1), torch.ones(10))


def test_co_tuning_adds_the_loss_against_the_source_classes(places: Places, tmp_path: Path) -> None:
    """Those that go with the labels of the batch."""
    _, task, built = task_for(tmp_path, places)
    task = with_source(task)
    source = task.backbone.source_head
    assert source is not None
    going = direct(shares_of(source, task, task.fit_index), task)
    model = model_of(task)
    added = added_by(CoTuning(weight=1.5, relationship="direct"), task, model)
    step = a_step(task, model)
    with torch.no_grad():
        logarithms = source(built.network(step.batch)).log_softmax(1)
    expected = -1.5 * float(((step.targets @ going) * logarithms).sum(1).mean())
    assert float(added()) == pytest.approx(expected, rel=1e-3)


def test_network_without_a_source_classifier_is_refused(places: Places, tmp_path: Path) -> None:
    """Random weights have none."""
    _, task, _ = task_for(tmp_path, places)
    with pytest.raises(InvalidData, match="classifier"):
        CoTuning().fit(task)
