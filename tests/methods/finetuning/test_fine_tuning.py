"""What sets each way of fine-tuning apart: where it starts, what learns, when, how fast, where it ends."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from bench.backbones.building import train_only
from bench.contracts.data import Places
from bench.contracts.networks import Backbone, InputSpec
from bench.contracts.training import Fitted, Task
from bench.errors import InvalidData
from bench.learning.training import Loop
from bench.methods import gradient
from bench.methods.finetuning.bitfit import Bitfit, is_bias
from bench.methods.finetuning.gradual_unfreezing import GradualUnfreezing
from bench.methods.finetuning.layerwise_lr_decay import LayerwiseLrDecay
from bench.methods.finetuning.lp_ft import LpFt
from bench.methods.finetuning.norm_tuning import NormTuning
from bench.methods.finetuning.wise_ft import WiseFt, interpolated
from bench.methods.from_probe import Instead
from tests.material.fitting import images_of, loaded, moved, state_of, task_for, trained_by

BACKBONES = ["test_resnet", "test_vit"]


class Plain(nn.Module):
    """A network without biases and normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 4, bias=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layer(images.mean((2, 3)))


def on_plain(task: Task) -> Task:
    """Return the task with the plain network."""
    spec = InputSpec((0.5, 0.5, 0.5), (0.5, 0.5, 0.5), "bicubic", 1.0, 32)
    return dataclasses.replace(task, backbone=Backbone(Plain(), 4, (("layer.weight",),), spec))


class Spy:
    """Sees the groups that a loop is given, and what learns at each step."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rates: dict[str, float] = {}
        self.learning: list[set[str]] = []
        self.adapting: list[set[str]] = []
        monkeypatch.setattr(gradient, "Loop", self.loop)

    def loop(self, task: Task, module: nn.Module, inputs: Any, groups: Any, *others: Any, **named: Any) -> Any:
        names = {id(parameter): name for name, parameter in module.named_parameters()}
        self.rates = {names[id(each)]: group["lr"] for group in groups for each in group["params"]}
        made = Loop(task, module, inputs, groups, *others, **named)
        before = made.before_step

        def watched(step: int, steps: int) -> None:
            if before is not None:
                before(step, steps)
            self.learning.append({name for name, each in module.named_parameters() if each.requires_grad})
            self.adapting.append({name for name, each in module.named_modules() if each.training})

        made.before_step = watched
        return made


@pytest.mark.parametrize("backbone", BACKBONES)
def test_interpolation_goes_from_the_probe_to_the_fine_tuned_network(
    places: Places, tmp_path: Path, backbone: str
) -> None:
    """Candidates lie on one line, the ends included; the one that validates best is what is evaluated."""
    _, task, built = task_for(tmp_path, places, f"grid.backbone={backbone}", "train.learning_rate=0.001")
    before = {f"backbone.{name}": tensor for name, tensor in state_of(built.network).items()}
    fitted = WiseFt(alpha=(0.0, 0.5, 1.0), statistics="adapt").fit(task)
    assert len(fitted.states) == 3
    # the probe at 0 is that of the whole budget; what lies between starts at that of the training part
    assert isinstance(fitted.states, Instead)
    start, middle, end = (fitted.states.states[i] for i in range(3))
    assert all(torch.equal(start[name], before[name]) for name in before if before[name].is_floating_point())
    for name in start:
        if start[name].is_floating_point():
            torch.testing.assert_close(middle[name], (start[name] + end[name]) / 2)
        else:
            assert torch.equal(middle[name], end[name])
    assert fitted.choice["alpha"] in (0.0, 0.5, 1.0)
    assert fitted.chosen == [0.0, 0.5, 1.0].index(fitted.choice["alpha"])
    accuracies = []
    for number in range(3):
        fitted.module.load_state_dict(fitted.states.states[number], strict=False)
        with torch.no_grad():
            answers = fitted.module.eval()(images_of(task, len(task.labels))).argmax(1).numpy()
        accuracies.append((answers == task.labels)[task.val_index].mean())
    assert fitted.score is not None
    assert fitted.score.accuracy == pytest.approx(max(point["val_accuracy"] for point in fitted.choice["path"]))
    assert [point["val_accuracy"] for point in fitted.choice["path"]] == pytest.approx(accuracies)


def test_fine_tuned_end_is_that_of_lp_ft(places: Places, tmp_path: Path) -> None:
    """Bit for bit: the interpolation comes after the same training."""
    found = []
    for method in (LpFt(), WiseFt(alpha=(1.0,))):
        _, task, _ = task_for(tmp_path, places, "grid.backbone=test_vit")
        found.append(method.fit(trained_by(task, learning_rate=1e-4, head_learning_rate=None)).states)
    checkpoints, end = [found[0][place] for place in range(1, len(found[0]))], found[1][0]
    assert any(all(torch.equal(state[name], end[name]) for name in end) for state in checkpoints)


def test_default_alpha_is_taken_where_nothing_validates(places: Places, tmp_path: Path) -> None:
    """It need not be in the list."""
    _, task, _ = task_for(tmp_path, places, "grid.labels_per_class=2", "grid.backbone=test_vit")
    fitted = WiseFt(alpha=(0.0, 1.0), default_alpha=0.3).fit(task)
    assert fitted.choice["alpha"] == 0.3
    assert len(fitted.states) == 3
    assert fitted.score is None
    expected = interpolated(fitted.states[0], fitted.states[2], 0.3)
    assert all(torch.allclose(loaded(fitted).state_dict()[name], expected[name]) for name in expected)


def fit_watched(
    monkeypatch: pytest.MonkeyPatch, places: Places, folder: Path, method: Any, *overrides: str
) -> tuple[Fitted, Backbone, Spy, set[str]]:
    """Fit a method under the eyes of a spy; return also the names of the backbone's tensors that moved."""
    _, task, backbone = task_for(folder, places, *overrides)
    spy = Spy(monkeypatch)
    before = state_of(backbone.network)
    return method.fit(task), backbone, spy, moved(before, backbone.network)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_stages_unfreeze_from_the_last_to_the_first(
    monkeypatch: pytest.MonkeyPatch, places: Places, tmp_path: Path, backbone: str
) -> None:
    """The head alone first; normalisation adapts with its stage; at the end all learn and all have moved."""
    overrides = (f"grid.backbone={backbone}", "train.steps=20")
    fitted, built, spy, changed = fit_watched(monkeypatch, places, tmp_path, GradualUnfreezing(), *overrides)
    stages = [{f"backbone.{name}" for name in stage} for stage in built.stages]
    head = {"head.weight", "head.bias"}
    counts = [sum(stage <= step for stage in stages) for step in spy.learning]
    assert counts == sorted(counts)
    assert (counts[0], counts[10], counts[-1]) == (0, len(stages), len(stages))
    assert set(counts) == set(range(len(stages) + 1))
    for count, step, adapting in zip(counts, spy.learning, spy.adapting, strict=True):
        assert step == head.union(*stages[len(stages) - count :])
        assert any(name.startswith("backbone.") for name in adapting) == (count > 0)
    assert fitted.trace is not None
    assert fitted.trace.optimizer_exact
    assert changed >= {name for name, _ in built.network.named_parameters()}
    assert fitted.trainable_params == sum(each.numel() for each in fitted.model.parameters())


@pytest.mark.parametrize(("until", "steps", "stages"), [(0.5, 20, 5), (1.0, 7, 13), (0.25, 100, 4)])
def test_unfreezing_comes_at_equal_intervals(until: float, steps: int, stages: int) -> None:
    """None at first, all from `until` on."""
    method = GradualUnfreezing(until=until)
    assert method.learning(0, steps, stages) == 0
    assert method.learning(round(until * steps), steps, stages) == stages
    begins = [
        min(step for step in range(steps + 1) if method.learning(step, steps, stages) >= k)
        for k in range(1, stages + 1)
    ]
    assert all(abs(begin - until * steps * k / stages) < 1 for k, begin in enumerate(begins, 1))


def test_unfreezing_is_refused_with_a_compiled_pass(places: Places, tmp_path: Path) -> None:
    """What learns changes on the way."""
    _, task, _ = task_for(tmp_path, places)
    with pytest.raises(InvalidData, match="compile: none"):
        GradualUnfreezing().fit(trained_by(task, compile="default"))


@pytest.mark.parametrize(
    ("method", "first", "factor"),
    [(LayerwiseLrDecay(decay=0.5), 0.5, 0.5), (GradualUnfreezing(rate_decay=0.25), 1.0, 0.25)],
)
def test_rates_fall_by_a_factor_per_stage(
    monkeypatch: pytest.MonkeyPatch, places: Places, tmp_path: Path, method: Any, first: float, factor: float
) -> None:
    """From the head down; the head has its own."""
    overrides = ("train.learning_rate=0.01", "train.head_learning_rate=0.02", "train.steps=2")
    _, backbone, spy, _ = fit_watched(monkeypatch, places, tmp_path, method, *overrides)
    for depth, stage in enumerate(reversed(backbone.stages)):
        for name in stage:
            assert spy.rates[f"backbone.{name}"] == pytest.approx(0.01 * first * factor**depth)
    assert spy.rates["head.weight"] == spy.rates["head.bias"] == 0.02


@pytest.mark.parametrize("backbone", BACKBONES)
def test_only_biases_learn(places: Places, tmp_path: Path, backbone: str) -> None:
    """All of them move, and nothing else, statistics of normalisation included; as many parameters as counted."""
    _, task, built = task_for(tmp_path, places, f"grid.backbone={backbone}", "train.steps=6")
    before = state_of(built.network)
    fitted = Bitfit().fit(task)
    named = dict(built.network.named_parameters())
    biases = {name for name in named if name.rpartition(".")[2] == "bias"}
    changed = moved(before, built.network)
    # an untrained residual branch ends in a scale of zero, which stays: no gradient passes it
    assert (changed and changed < biases) if backbone == "test_resnet" else changed == biases
    assert fitted.frozen == set(before) - biases
    assert fitted.trainable_params == sum(named[name].numel() for name in biases) + 10 * (built.width + 1)


@pytest.mark.parametrize(
    ("name", "bias"),
    [
        ("layer.bias", True),
        ("blocks.0.attn.q_bias", True),
        ("attn.in_proj_bias", True),
        ("rnn.bias_hh_l0", True),
        ("bias", True),
        ("layer.weight", False),
        ("attn.relative_position_bias_table", False),
        ("bias.weight", False),
    ],
)
def test_biases_are_known_by_their_names(name: str, bias: bool) -> None:
    """Of linear layers, attention and recurrent networks; a table of positions is none."""
    assert is_bias(name) == bias


@pytest.mark.parametrize("backbone", BACKBONES)
def test_only_normalisation_learns(places: Places, tmp_path: Path, backbone: str) -> None:
    """Its scales and shifts, and the running statistics; all else keeps every bit."""
    _, task, built = task_for(tmp_path, places, f"grid.backbone={backbone}", "train.steps=6")
    before = state_of(built.network)
    fitted = NormTuning().fit(task)
    kinds = (nn.BatchNorm2d, nn.LayerNorm)
    layers = {name for name, module in built.network.named_modules() if isinstance(module, kinds)}
    expected = {name for name in before if name.rpartition(".")[0] in layers}
    assert moved(before, built.network) == expected
    assert fitted.frozen == set(before) - expected
    assert any("running_mean" in name for name in expected) == (backbone == "test_resnet")


@pytest.mark.parametrize("method", [Bitfit(), NormTuning()])
def test_network_with_nothing_to_tune_is_refused(places: Places, tmp_path: Path, method: Any) -> None:
    """With what to write instead."""
    _, task, _ = task_for(tmp_path, places)
    with pytest.raises(InvalidData, match=r"backbone.*linear_probe"):
        method.fit(on_plain(task))


def test_train_only_of_nothing_leaves_the_backbone_in_eval(places: Places, tmp_path: Path) -> None:
    """What gradual unfreezing relies on before the last stage learns."""
    _, _, backbone = task_for(tmp_path, places)
    train_only(backbone.network, [])
    assert not any(module.training for module in backbone.network.modules())
