"""Frozen features of a source, taken to where those of the target lie."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.contracts.data import Places
from bench.contracts.networks import FrozenPart
from bench.contracts.training import Fitted, SourceDomain, Task
from bench.errors import InvalidData
from bench.methods.domains.from_source import ON_SOURCE as HELD_OUT
from bench.methods.domains.subspace_alignment import SubspaceAlignment, align
from tests.material.domains import rows, task_for


def made_task(places: Places, folder: Path, source: torch.Tensor, target: torch.Tensor, labels: torch.Tensor) -> Task:
    """Return a task without target labels whose features are these, of source and target images alike labelled."""
    _, task = task_for(folder, places, "{name: subspace_alignment, dimensions: 4}")
    backbone = dataclasses.replace(task.backbone, width=source.shape[1])
    images = task.images[: len(target)]
    numbers = np.arange(len(source))

    def outputs(part: FrozenPart, view: Any = None) -> torch.Tensor:
        return target

    return dataclasses.replace(
        task,
        backbone=backbone,
        n_classes=2,
        images=images,
        labels=labels.numpy(),
        outputs=outputs,
        source=SourceDomain(np.zeros((len(source), 1, 1, 3), np.uint8), labels.numpy(), numbers),
        source_outputs=lambda part: source,
    )


def accuracy_on(fitted: Fitted, features: torch.Tensor, labels: torch.Tensor) -> float:
    """Return the chosen model's accuracy."""
    fitted.module.load_state_dict(fitted.states[fitted.chosen])
    return float((fitted.module(features).argmax(1) == labels).float().mean())


def domains(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return features (200, 6) of two classes: three strong directions, of which the first tells them apart."""
    labels = torch.arange(200) % 2
    features = torch.cat([3 * rows(200, 3, seed), 0.1 * rows(200, 3, seed + 100)], 1)
    features[:, 0] = 3 * (2 * labels - 1) + 0.3 * features[:, 0]
    return features @ torch.linalg.qr(rows(6, 6, seed=7))[0], labels


def test_subspace_alignment_undoes_shift_and_scale(places: Places, tmp_path: Path) -> None:
    """Each feature of the target moved and stretched by its own: a classifier of the source alone fails."""
    (source, labels), (target, _) = domains(0), domains(1)
    moved = target * (1 + torch.arange(6.0)) + 10
    plain = SubspaceAlignment(dimensions=3).fit(made_task(places, tmp_path, source, source, labels))
    aligned = SubspaceAlignment(dimensions=3).fit(made_task(places, tmp_path, source, moved, labels))
    assert accuracy_on(plain, moved, labels) < 0.7
    assert accuracy_on(aligned, moved, labels) > 0.95
    assert aligned.selection.endswith(f"({HELD_OUT})")


def test_subspace_alignment_brings_the_sources_directions_nearest_to_the_targets() -> None:
    """No other map of them comes nearer to the target's; of equal domains the coordinates are the same."""
    (source, _), (target, _) = domains(0), domains(1)
    to_source, to_target = align(source.double(), source.double(), 3)
    torch.testing.assert_close(to_source, to_target)
    turned = (source @ torch.linalg.qr(torch.eye(6) + rows(6, 6, seed=3))[0]).double()
    to_source, to_target = align(turned, target.double(), 3)
    torch.testing.assert_close(to_target.T @ to_target, torch.eye(3, dtype=torch.float64))
    basis = torch.linalg.svd(turned)[2][:3].T
    nearest = basis @ torch.linalg.lstsq(basis, to_target).solution
    torch.testing.assert_close(to_source, nearest)
    assert (to_source - to_target).norm() > 0.1


def test_subspace_alignment_refuses_more_dimensions_than_features(places: Places, tmp_path: Path) -> None:
    """The message names both."""
    method, task = task_for(tmp_path, places, "{name: subspace_alignment, dimensions: 500}")
    with pytest.raises(InvalidData, match=r"500 of \d+ features"):
        method.fit(task)
