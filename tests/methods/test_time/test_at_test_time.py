"""Adaptation at test time: what it changes while it answers, that it is all put back, and what it may not hang on."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from bench.contracts.data import Places
from bench.contracts.networks import InputSpec
from bench.contracts.training import Fitted, Task
from bench.data.batches import ImageBatches, fetch
from bench.errors import Diverged, InvalidData
from bench.methods.finetuning.finetune import Finetune
from bench.methods.test_time.at_test_time import (
    Restoring,
    batch_norms,
    entropy,
    marginal_entropy,
    norm_parameters,
    restored,
    scattered,
    stream,
)
from bench.methods.test_time.bn_adapt import BnAdapt
from bench.methods.test_time.memo import Memo
from bench.methods.test_time.tent import Tent
from tests.material.domains import AT_TEST_TIME, SOME_LABELS, task_for
from tests.material.tiny import one_cell, task_of

COUNT = 12
SMALL: dict[str, Any] = {
    "bn_adapt": BnAdapt(test_batch=6),
    "tent": Tent(test_batch=6, rate=0.05),
    "memo": Memo(copies=3, rate=0.05),
}


@pytest.fixture(scope="module")
def trained(places: Places, tmp_path_factory: pytest.TempPathFactory) -> tuple[Task, Fitted]:
    """A network that was fine-tuned for a few steps."""
    _, task = task_for(tmp_path_factory.mktemp("trained"), places, "bn_adapt", SOME_LABELS)
    fitted = BnAdapt().fit(task)
    fitted.module.load_state_dict(fitted.states[fitted.chosen], strict=False)
    fitted.module.eval()
    return task, fitted


def answers(name: str, trained: tuple[Task, Fitted], numbers: Any = range(COUNT)) -> torch.Tensor:
    """Return the logits that a method gives for some of the training images, as if they were to be tested."""
    task, fitted = trained
    adaptation = adaptation_of(SMALL[name], task, fitted)
    images = task.images[np.asarray(list(numbers))]
    inputs = ImageBatches(images, task.backbone.input, "cpu", adaptation.augmentation)
    logits: torch.Tensor = adaptation.logits(fitted.module, inputs, len(images))
    return logits


def adaptation_of(method: Any, task: Task, fitted: Fitted) -> Any:
    """Return how a method answers, without training anew what it adapts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bench.methods.test_time.at_test_time.fit_base", lambda task, base: fitted)
        return method.fit(task).adaptation


def bits(module: nn.Module) -> dict[str, bytes]:
    """Return the state's bytes."""
    return {name: tensor.detach().numpy().tobytes() for name, tensor in module.state_dict().items()}


@pytest.mark.parametrize("name", AT_TEST_TIME)
def test_module_is_left_bit_for_bit(name: str, trained: tuple[Task, Fitted]) -> None:
    """State, modes, what may learn; and the answers are others than those of a forward pass, the same twice."""
    module = trained[1].module
    before, modes = bits(module), [part.training for part in module.modules()]
    learning = [parameter.requires_grad for parameter in module.parameters()]
    first, second = answers(name, trained), answers(name, trained)
    assert bits(module) == before
    assert [part.training for part in module.modules()] == modes
    assert [parameter.requires_grad for parameter in module.parameters()] == learning
    assert not any(part._forward_pre_hooks for part in module.modules())
    assert torch.equal(first, second)
    assert not torch.allclose(first, forward(trained), atol=1e-4)


def forward(trained: tuple[Task, Fitted]) -> torch.Tensor:
    """Return the logits of a plain forward pass."""
    task, fitted = trained
    with torch.no_grad():
        logits: torch.Tensor = fitted.module(
            fetch(ImageBatches(task.images, task.backbone.input, "cpu"), np.arange(COUNT))
        )
    return logits


@pytest.mark.parametrize("name", AT_TEST_TIME)
def test_module_is_left_as_it_was_where_the_answering_breaks_off(name: str, trained: tuple[Task, Fitted]) -> None:
    """An error in the midst of it."""
    task, fitted = trained
    before = bits(fitted.module)

    class Broken(ImageBatches):
        def place(self, batch: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
            self.served = getattr(self, "served", 0) + 1
            if self.served == 2:
                raise ZeroDivisionError
            return super().place(batch, generator)

    adaptation = adaptation_of(SMALL[name], task, fitted)
    with pytest.raises(ZeroDivisionError):
        adaptation.logits(fitted.module, Broken(task.images, task.backbone.input, "cpu", "basic"), COUNT)
    assert bits(fitted.module) == before
    assert not fitted.module.training


def changed_while(name: str, trained: tuple[Task, Fitted], method: Any = None) -> set[str]:
    """Return the names of what differs from the start when the last batch has been answered."""
    task, fitted = trained
    before = {key: tensor.clone() for key, tensor in fitted.module.state_dict().items()}
    moved: set[str] = set()

    class Looking(ImageBatches):
        def place(self, batch: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
            state = fitted.module.state_dict()
            moved.update(key for key in before if not torch.equal(before[key], state[key]))
            return super().place(batch, generator)

    adaptation = adaptation_of(method or SMALL[name], task, fitted)
    inputs = Looking(task.images, task.backbone.input, "cpu", adaptation.augmentation)
    adaptation.logits(fitted.module, inputs, COUNT)
    return moved


def test_tent_moves_scales_and_shifts_of_the_normalisation_alone(trained: tuple[Task, Fitted]) -> None:
    """All of them; beside them only the statistics that batches gather, which no answer hangs on."""
    module = trained[1].module
    moved = changed_while("tent", trained)
    norms = {f"{name}.{key}" for name, part in module.named_modules() if isinstance(part, _BatchNorm) for key in KINDS}
    parameters = {name for name, _ in module.named_parameters()}
    assert moved & parameters == norms
    assert moved - parameters == {name for name in module.state_dict() if name.endswith(STATISTICS)}


KINDS = ("weight", "bias")
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def test_bn_adapt_moves_statistics_alone(trained: tuple[Task, Fitted]) -> None:
    """Mean and variance of every layer."""
    moved = changed_while("bn_adapt", trained)
    state = trained[1].module.state_dict()
    assert moved == {name for name in state if name.endswith(STATISTICS[:2])}


@pytest.mark.parametrize("adapts", ["all", "norm"])
def test_memo_moves_parameters_alone(adapts: str, trained: tuple[Task, Fitted]) -> None:
    """All, or scales and shifts; no statistics."""
    module = trained[1].module
    moved = changed_while("memo", trained, Memo(copies=3, rate=0.05, adapts=adapts))  # type: ignore[arg-type]
    named = {id(parameter): name for name, parameter in module.named_parameters()}
    wanted = set(named.values()) if adapts == "all" else {named[id(each)] for each in norm_parameters(module)}
    assert moved <= wanted
    assert len(moved) > 0.9 * len(wanted)


def test_memo_answers_an_image_whatever_came_before(trained: tuple[Task, Fitted]) -> None:
    """Its number in the stream draws its views: the images before it are others, the answer is not."""
    straight = answers("memo", trained)
    others = answers("memo", trained, [*range(50, 50 + COUNT - 1), COUNT - 1])
    assert torch.equal(straight[-1], others[-1])
    assert not torch.equal(straight[0], others[0])
    assert torch.equal(straight[:3], answers("memo", trained, range(3)))


def test_bn_adapt_without_a_prior_is_training_mode(trained: tuple[Task, Fitted]) -> None:
    """With a great one it is a plain forward pass, and in between it is neither."""
    task, fitted = trained
    inputs = ImageBatches(task.images, task.backbone.input, "cpu")

    def by(prior: float) -> torch.Tensor:
        method = BnAdapt(prior=prior, test_batch=COUNT)
        logits: torch.Tensor = adaptation_of(method, task, fitted).logits(fitted.module, inputs, COUNT)
        return logits

    with restored(fitted.module), torch.no_grad():
        fitted.module.train()
        of_batch = fitted.module(fetch(inputs, np.arange(COUNT)))
    torch.testing.assert_close(by(0.0), of_batch, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(by(1e9), forward(trained), rtol=1e-3, atol=1e-4)
    assert not torch.allclose(by(float(COUNT)), of_batch, atol=1e-3)


def test_bn_adapt_mixes_statistics_by_their_images() -> None:
    """Two images known as sixteen would be: a share of 2 / 18 is the batch's."""
    layer = nn.BatchNorm1d(1).eval()
    rows = torch.tensor([[2.0], [4.0]])

    class Rows:
        def read(self, index: Any, generator: Any) -> torch.Tensor:
            return rows[torch.from_numpy(index)]

        def place(self, batch: torch.Tensor, generator: Any) -> torch.Tensor:
            return batch

    logits = adaptation_of(BnAdapt(), a_task(), a_fitted(layer)).logits(layer, Rows(), 2)
    mean, variance = 3 * 2 / 18, (16 * 1 + 2 * 1) / 18
    torch.testing.assert_close(logits, (rows - mean) / (variance + layer.eps) ** 0.5)


def a_task(network: nn.Module | None = None) -> Any:
    """Return what the adaptation looks at of a task."""
    from types import SimpleNamespace

    backbone = SimpleNamespace(network=network or nn.BatchNorm1d(1))
    return SimpleNamespace(
        backbone=backbone, device="cpu", precision="fp32", seed_of=lambda use: 3, progress=lambda *told: None
    )


def a_fitted(module: nn.Module) -> Fitted:
    """Return something trained."""
    return Fitted(module, [module.state_dict()], 0, module, None, None, "", {}, frozenset(), 1, 4)


@pytest.mark.parametrize("name", ["tent", "memo"])
def test_lower_entropy_is_what_adaptation_comes_to(name: str, trained: tuple[Task, Fitted]) -> None:
    """Of ten updates against one."""
    task, fitted = trained
    inputs = ImageBatches(task.images, task.backbone.input, "cpu", "basic")
    few, many = (
        (Tent(test_batch=COUNT, updates=count, rate=0.01) for count in (1, 10))
        if name == "tent"
        else (Memo(copies=4, updates=count, rate=0.02, views="basic") for count in (1, 10))
    )
    entropies = [
        entropy(adaptation_of(method, task, fitted).logits(fitted.module, inputs, COUNT)).mean()
        for method in (few, many)
    ]
    assert entropies[1] < entropies[0]


def test_order_of_the_files_does_not_make_the_batches() -> None:
    """A data set that lies sorted by class is met in random order, and answered in its own."""
    seen = list(stream(100, 30, 5))
    assert sorted(np.concatenate(seen).tolist()) == list(range(100))
    assert [len(each) for each in seen] == [30, 30, 30, 10]
    assert not (np.diff(np.concatenate(seen)) == 1).all()
    rows = [torch.from_numpy(each).float()[:, None] for each in seen]
    assert scattered(seen, rows)[:, 0].tolist() == list(range(100))


@pytest.mark.parametrize(("name", "what"), [("bn_adapt", "batch normalisation"), ("tent", "scale and a shift")])
def test_network_without_the_layers_is_refused_before_training(name: str, what: str) -> None:
    """With the reason."""
    bare = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2, affine=False, track_running_stats=False))
    with pytest.raises(InvalidData, match=f"{name}: .*{what}"):
        type(SMALL[name])().fit(a_task(bare))


def test_vision_transformer_has_scales_for_tent_but_no_statistics(places: Places, tmp_path: Path) -> None:
    """Layer normalisation: TENT adapts it, `bn_adapt` says that there is nothing."""
    cell = one_cell(tmp_path, "grid.backbone=[test_vit]", "grid.method=tent")
    task, backbone = task_of(cell, places)
    assert norm_parameters(backbone.network)
    assert not batch_norms(backbone.network)
    with pytest.raises(InvalidData, match="no batch normalisation"):
        BnAdapt().fit(task)


@pytest.mark.parametrize("name", AT_TEST_TIME)
def test_what_is_adapted_is_the_base_itself(name: str, places: Places, tmp_path: Path) -> None:
    """The same random numbers: its chosen state is that of fine-tuning, digit for digit; MEMO keeps no other."""
    _, task = task_for(tmp_path, places, name, SOME_LABELS)
    fitted = SMALL[name].fit(task)
    _, plain = task_for(tmp_path, places, "finetune", SOME_LABELS)
    base = Finetune().fit(plain)
    assert fitted.adaptation is not None
    assert len(fitted.states) == (1 if name == "memo" else len(base.states))
    state, expected = fitted.states[fitted.chosen], base.states[base.chosen]
    assert state.keys() == expected.keys()
    assert all(torch.equal(state[key], expected[key]) for key in state)


def test_entropies() -> None:
    """Of two certain and opposite predictions: none each, one bit together."""
    logits = torch.tensor([[60.0, 0.0], [0.0, 60.0]])
    assert entropy(logits).tolist() == pytest.approx([0, 0], abs=1e-6)
    assert marginal_entropy(logits).item() == pytest.approx(np.log(2))
    assert entropy(torch.zeros(1, 4)).item() == pytest.approx(np.log(4))


def test_answers_that_are_not_finite_end_the_cell() -> None:
    """As divergence, not as a number."""
    module = nn.Linear(1, 1)
    spec = InputSpec((0.5,) * 3, (0.5,) * 3, "bilinear", 1.0, 2)  # type: ignore[arg-type]
    inputs = ImageBatches(np.zeros((1, 2, 2, 3), np.uint8), spec, "cpu")
    with pytest.raises(Diverged, match="smaller rate"):
        Restoring("none", lambda *asked: torch.tensor([[float("nan")]])).logits(module, inputs, 1)
