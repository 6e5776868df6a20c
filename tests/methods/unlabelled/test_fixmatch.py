"""FixMatch: what teaches, and what does not."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from bench.contracts.data import Places
from bench.errors import InvalidData
from bench.methods.finetuning.finetune import Finetune
from bench.methods.unlabelled.fixmatch import Fixmatch
from tests.material.fitting import loaded, moved, state_of, task_for, trained_by

SURE = torch.tensor([[9.0, 0.0, 0.0], [0.1, 0.0, 0.0], [0.0, 0.0, 9.0]])
TAUGHT = torch.randn(3, 3, generator=torch.Generator().manual_seed(0), requires_grad=True)


def test_only_sure_images_teach_their_strong_twins() -> None:
    """The label is the likeliest class; those below the threshold count as zeros in the mean."""
    loss = Fixmatch(threshold=0.95).consistency(SURE, TAUGHT)
    each = functional.cross_entropy(TAUGHT, torch.tensor([0, 0, 2]), reduction="none")
    assert loss.item() == pytest.approx((each[0] + each[2]).item() / 3)
    everything = Fixmatch(threshold=0.0).consistency(SURE, TAUGHT)
    assert everything.item() == pytest.approx(each.mean().item())


def test_labels_get_no_gradient() -> None:
    """What is sure is not changed by what it teaches."""
    sure = SURE.clone().requires_grad_()
    Fixmatch().consistency(sure, TAUGHT).backward()
    assert sure.grad is None
    assert TAUGHT.grad is not None


def test_no_image_is_sure_enough_at_the_start(places: Places, tmp_path: Path) -> None:
    """A blank head knows nothing: the first loss is ln(classes)."""
    _, task, _ = task_for(tmp_path, places, "train.steps=1")
    fitted = Fixmatch(mu=2).fit(task)
    assert fitted.trace is not None
    assert fitted.trace.losses[0] == pytest.approx(np.log(10), rel=1e-4)


@pytest.mark.parametrize("threshold", [0.0, 0.9])
def test_images_outside_the_budget_are_learnt_from(places: Places, tmp_path: Path, threshold: float) -> None:
    """Other pixels there give another network, where any of them teaches; not in plain fine-tuning."""

    def states(method: object, spoil: bool) -> dict[str, torch.Tensor]:
        _, task, _ = task_for(tmp_path, places, "grid.backbone=test_vit", "train.steps=3")
        images = task.images.copy()
        if spoil:
            images[task.unlabelled] = 255 - images[task.unlabelled]
        fitted = method.fit(dataclasses.replace(trained_by(task, augmentation="none"), images=images))
        return dict(loaded(fitted).state_dict())

    def differ(method: object) -> bool:
        straight, spoilt = states(method, spoil=False), states(method, spoil=True)
        return any(not torch.equal(straight[name], spoilt[name]) for name in straight)

    assert differ(Fixmatch(mu=2, threshold=threshold)) == (threshold == 0.0)
    assert not differ(Finetune())


@pytest.mark.parametrize("augmentation", ["none", "basic", "randaugment"])
def test_whole_transformer_learns(places: Places, tmp_path: Path, augmentation: str) -> None:
    """With any weak augmentation."""
    _, task, built = task_for(tmp_path, places, "grid.backbone=test_vit", "train.steps=2", "train.batch_size=8")
    before = state_of(built.network)
    Fixmatch(mu=2, strong="trivialaugment").fit(trained_by(task, augmentation=augmentation))
    assert moved(before, built.network) == set(before)


def test_budget_of_all_images_is_refused(places: Places, tmp_path: Path) -> None:
    """Nothing is left to learn from without labels."""
    _, task, _ = task_for(tmp_path, places)
    everything = np.arange(len(task.images))
    with pytest.raises(InvalidData, match="budget"):
        Fixmatch().fit(dataclasses.replace(task, fit_index=everything, val_index=np.empty(0, np.int64)))
