"""What methods of each kind do to the backbone: which tensors move, which stay, and which labels are read."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.backbones.building import state_sha256
from bench.catalog import METHODS
from bench.contracts.data import Places
from bench.contracts.networks import Backbone
from bench.contracts.training import Fitted
from bench.errors import InvalidData
from bench.methods.finetuning.partial_finetune import PartialFinetune
from bench.methods.kinds import Adapting, Aligned, AtTestTime, Finetuning, FromProbe, FromSource, Probing
from tests.material import tiny
from tests.material.fitting import task_for


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


KINDS = (Finetuning, FromProbe, Probing, Adapting, FromSource, Aligned, AtTestTime)


@pytest.mark.parametrize("name", METHODS.names())
def test_nearly_every_method_leaves_the_training_to_its_kind(name: str) -> None:
    """Co-tuning clears up behind it; subspace alignment fits none."""
    method = METHODS.entry(name).load()
    assert issubclass(method, KINDS) == (name != "subspace_alignment")
    assert ("fit" in vars(method)) == (name in ("co_tuning", "subspace_alignment"))


def test_what_a_kind_needs_to_be_told_has_no_default(places: Places, tmp_path: Path) -> None:
    """A method that forgets it ends its cell, and does not train something else."""
    _, task, _ = task_for(tmp_path, places)
    for kind in (Finetuning, Probing, Adapting, AtTestTime):
        with pytest.raises(NotImplementedError):
            kind().fit(task)


def test_random_numbers_are_those_of_what_is_adapted() -> None:
    """So that a method and its base differ by the method alone."""
    assert AtTestTime().seeds_as == "finetune"
    assert AtTestTime(base="source_only").seeds_as == Aligned.seeds_as == "source_only"
    assert AtTestTime(base="source_only").uses_source
    assert not AtTestTime().uses_source
