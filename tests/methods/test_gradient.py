"""Heads and backbones trained by the loop: where they start, and what is computed once for all cells."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.catalog import METHODS
from bench.contracts.data import Places
from bench.contracts.networks import FrozenPart
from bench.contracts.training import Fitted, Trace, View
from bench.learning.training import Step
from bench.methods.descriptions import Tuning, every_parameter
from bench.methods.gradient import fit_backbone
from bench.suites.choices import make
from tests.material import tiny
from tests.material.fitting import task_for


@pytest.mark.parametrize("hidden", [(8,), (16, 4), (256, 256)])
def test_mlp_probe_has_the_hidden_layers_asked_for(places: Places, tmp_path: Path, hidden: tuple[int, ...]) -> None:
    """Their widths in order, an output layer of zeros that moves off them, and as many parameters as counted."""
    made, task, backbone = task_for(tmp_path, places, f"grid.method=[{{name: mlp_probe, hidden: {list(hidden)}}}]")
    fitted = made.fit(task)
    layers = [module for module in fitted.module.modules() if isinstance(module, torch.nn.Linear)]
    assert [layer.in_features for layer in layers] == [backbone.width, *hidden]
    assert [layer.out_features for layer in layers] == [*hidden, 10]
    assert fitted.trainable_params == sum(parameter.numel() for parameter in fitted.module.parameters())


@pytest.mark.parametrize(
    "method", ["mlp_probe", "finetune", "partial_finetune", "scratch", "gradual_unfreezing", "bitfit", "norm_tuning"]
)
def test_first_loss_is_that_of_knowing_nothing(places: Places, tmp_path: Path, method: str) -> None:
    """A head of zeros gives ln(classes)."""
    made, task, _ = task_for(tmp_path, places, f"grid.method={method}", "train.steps=1")
    fitted = made.fit(task)
    assert fitted.trace is not None
    assert fitted.trace.losses[0] == pytest.approx(np.log(10), rel=1e-5)


def fit_last(folder: Path, places: Places, prefix: str, *overrides: str, **params: Any) -> tuple[Fitted, Trace]:
    """Fine-tune the last stages; return what came of it."""
    method = {"name": "partial_finetune", "prefix": prefix, **params}
    cell = tiny.one_cell(folder, f"grid.method=[{method}]", *overrides)
    task, _ = tiny.task_of(cell, places)
    asked: list[tuple[str, View | None]] = []

    def outputs(part: FrozenPart, view: View | None) -> torch.Tensor:
        asked.append((part.name, view))
        return task.outputs(part, view)

    fitted: Fitted = make(METHODS, cell.method).fit(dataclasses.replace(task, outputs=outputs))
    assert asked == ([(fitted.part.name, None)] if fitted.part else [])
    assert fitted.trace is not None
    return fitted, fitted.trace


@pytest.mark.parametrize(("stages", "precision"), [(1, "fp32"), (3, "fp32"), (1, "bf16")])
def test_cached_and_inline_prefix_train_the_same_model(
    places: Places, tmp_path: Path, stages: int, precision: str
) -> None:
    """The same first loss, losses and states that agree but for rounding, under the same names."""
    long = ("train.steps=20", "train.checkpoints=4", f"grid.precision=[{precision}]")
    one, cached = fit_last(tmp_path, places, "cached", *long, stages=stages)
    other, inline = fit_last(tmp_path, places, "inline", *long, stages=stages)
    assert one.part is not None
    assert other.part is None
    assert cached.losses[0] == pytest.approx(inline.losses[0], rel=1e-5)
    assert cached.losses == pytest.approx(inline.losses, rel=0.05)
    assert inline.losses[-1] < 0.95 * inline.losses[0]
    assert one.score is not None
    assert other.score is not None
    assert one.score.accuracy == pytest.approx(other.score.accuracy, abs=0.1)
    assert (one.frozen, one.trainable_params) == (other.frozen, other.trainable_params)
    assert one.checkpoint_bytes == other.checkpoint_bytes
    assert cached.optimizer_exact
    for mine, its in zip(one.states, other.states, strict=True):
        assert mine.keys() == its.keys()
        for name, tensor in its.items():
            torch.testing.assert_close(mine[name], tensor, rtol=0.05, atol=0.01)


def test_model_behind_the_part_is_the_whole_models_own(places: Places, tmp_path: Path) -> None:
    """What training changed, it changed in the network itself: nothing was copied."""
    fitted, _ = fit_last(tmp_path, places, "cached")
    whole = dict(fitted.model.named_parameters())
    assert all(whole[name] is parameter for name, parameter in fitted.module.named_parameters())


@pytest.mark.parametrize("recipe", ["train.augmentation=basic", "train.augmentation=randaugment", "train.mixup=0.4"])
@pytest.mark.parametrize("prefix", ["auto", "cached"])
def test_images_that_change_each_time_have_no_prefix(places: Places, tmp_path: Path, prefix: str, recipe: str) -> None:
    """The reason says so; training goes on all the same."""
    fitted, trace = fit_last(tmp_path, places, prefix, recipe)
    assert fitted.part is None
    assert fitted.part_reason == "images are augmented before it"
    assert len(trace.losses) == 4


def test_auto_leaves_out_images_that_training_would_never_see(places: Places, tmp_path: Path) -> None:
    """Two hundred images; three steps of sixteen see a quarter of them less two, four steps more."""
    few, _ = fit_last(tmp_path, places, "auto", "train.steps=3")
    assert few.part is None
    assert few.part_reason == "200 images are many for a training that sees 48"
    enough, _ = fit_last(tmp_path, places, "auto", "train.steps=4")
    assert enough.part is not None
    assert enough.part_reason is None
    asked_for, _ = fit_last(tmp_path, places, "cached", "train.steps=3")
    assert asked_for.part is not None


def test_auto_leaves_out_outputs_that_are_too_large(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all training images, 192 maps of 2 x 2 each; `cached` takes them all the same."""
    size = 200 * 192 * 2 * 2 * 4
    monkeypatch.setattr("bench.methods.gradient.LARGEST_PART_BYTES", size)
    assert fit_last(tmp_path, places, "auto")[0].part is not None
    monkeypatch.setattr("bench.methods.gradient.LARGEST_PART_BYTES", size - 1)
    large, _ = fit_last(tmp_path, places, "auto")
    assert large.part is None
    assert large.part_reason == "its outputs would take 0.0 GiB"
    assert fit_last(tmp_path, places, "cached")[0].part is not None


def test_inline_has_no_prefix_and_needs_no_reason(places: Places, tmp_path: Path) -> None:
    """Nobody asked for one."""
    fitted, _ = fit_last(tmp_path, places, "inline")
    assert (fitted.part, fitted.part_reason) == (None, None)


@pytest.mark.parametrize(
    ("params", "overrides", "reason"),
    [
        ({"stages": 5}, (), "nothing of it is frozen from the images on"),
        ({"stages": 1}, ("grid.backbone=test_vit",), "its forward pass can't be traced"),
    ],
    ids=["all stages learn", "untraceable"],
)
@pytest.mark.parametrize("prefix", ["auto", "cached"])
def test_network_that_can_not_be_cut_trains_as_a_whole(
    places: Places, tmp_path: Path, prefix: str, params: dict[str, Any], overrides: tuple[str, ...], reason: str
) -> None:
    """And says why."""
    fitted, trace = fit_last(tmp_path, places, prefix, *overrides, **params)
    assert fitted.part is None
    assert str(fitted.part_reason).startswith(reason)
    assert len(trace.losses) == 4


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_prefix_is_shared_by_budgets_and_recipes(cold_places: Places, tmp_path: Path, precision: str) -> None:
    """Other labels, another rate: the outputs that are there serve. Another cut or other weights have their own."""
    narrow = f"grid.precision=[{precision}]"
    fit_last(tmp_path, cold_places, "cached", narrow)
    made = kept(cold_places)
    assert len(made) == 1
    fit_last(tmp_path, cold_places, "cached", narrow, "grid.labels_per_class=2", "train.learning_rate=0.01")
    fit_last(tmp_path, cold_places, "cached", narrow, stages=2)
    fit_last(tmp_path, cold_places, "cached", narrow, "grid.seed=[1]")
    assert len(kept(cold_places)) == 3
    assert made < kept(cold_places)


def kept(places: Places) -> set[str]:
    """Return the names of what is kept of frozen parts."""
    return {path.parent.name for path in places.cache_dir.glob("features/*/manifest.json")}


def test_penalty_sees_what_it_watches_and_the_heads_decay_comes_on_top(places: Places, tmp_path: Path) -> None:
    """The features of the batch under the empty name, a module's outputs under its own."""
    _, task, backbone = task_for(tmp_path, places, "grid.backbone=test_vit", "train.steps=2")
    seen: list[dict[str, torch.Size]] = []

    def penalty(step: Step, outputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        seen.append({name: output.shape for name, output in outputs.items()})
        return outputs[""].square().mean()

    names = every_parameter(task)
    tuning = Tuning(names, penalty=lambda network: penalty, watched=["blocks.0", ""], head_decay=0.5)
    fitted = fit_backbone(task, tuning)
    assert len(seen) == 2
    assert list(seen[0]) == ["blocks.0", ""]
    assert seen[0][""] == (16, backbone.width)
    assert fitted.trace is not None
    assert not fitted.trace.blank_start
    # a head of zeros adds nothing: the first loss is ln(classes) and the penalty
    _, again, _ = task_for(tmp_path, places, "grid.backbone=test_vit", "train.steps=2")
    plain = fit_backbone(again, Tuning(names, penalty=lambda network: penalty, watched=[""]))
    assert plain.trace is not None
    assert fitted.trace.losses[0] == plain.trace.losses[0] > np.log(10)
    assert fitted.trace.losses[1] != plain.trace.losses[1]
