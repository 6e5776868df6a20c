"""What the solved probes share: a path of strengths, the choice on validation, the fit on the whole budget."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from bench.contracts import Fitted, Task
from bench.data.batches import Index
from bench.methods.gradient import view_augmentation
from bench.solvers import Solution, Standardiser

REFITTED = "best validation l2, fitted again on the whole budget"
Solve = Callable[[torch.Tensor, torch.Tensor, int, Sequence[float]], list[Solution]]
"""Features (N, D), labels (N,), the number of classes and the strengths to a solution for each strength."""


@dataclass(frozen=True)
class Strengths:
    """What a solved probe may choose from, in units of the feature width D."""

    tried: tuple[float, ...]
    default: float
    """Taken where the budget is too small to validate."""


@dataclass(frozen=True)
class Point:
    """One strength of the path."""

    l2: float
    accuracy: float
    """On validation."""
    state: dict[str, Any]


def fit_solved(task: Task, solve: Solve, strengths: Strengths, views: int = 0) -> Fitted:
    """Solve for all strengths, choose on validation, and solve again for the best on all labels of the budget.

    With `views` the images stand in the problem beside so many augmented views of them.
    """
    features = task.outputs(task.whole, None)
    augmented = [task.outputs(task.whole, (view_augmentation(task), number)) for number in range(views)]
    path: list[Point] = []
    began = time.perf_counter()
    if len(task.val_index):
        tried = sorted(strengths.tried, reverse=True)
        layers = _layers(task, [features, *augmented], task.fit_index, solve, tried)
        path = [_scored(task, features, l2, layer) for l2, (layer, _) in zip(tried, layers, strict=True)]
    tune_s = time.perf_counter() - began
    # of equals the strongest
    best = max(path, key=lambda point: (point.accuracy, point.l2), default=None)
    l2 = best.l2 if best else strengths.default
    whole = np.sort(np.concatenate([task.fit_index, task.val_index]))
    ((layer, converged),) = _layers(task, [features, *augmented], whole, solve, [l2])
    module = nn.Linear(task.backbone.width, task.n_classes)
    return Fitted(
        module=module,
        states=[layer.state_dict(), *(point.state for point in path)],
        chosen=0,
        model=nn.Sequential(OrderedDict(backbone=task.backbone.network, head=module)),
        part=task.whole,
        val_accuracy=best.accuracy if best else None,
        selection=REFITTED if best else "default l2 (too few labels to validate)",
        choice={
            "l2": l2,
            "C": 1 / (l2 * task.backbone.width),
            "edge": at_edge([point.accuracy for point in path]),
            "converged": converged,
        },
        frozen=frozenset(task.backbone.network.state_dict()),
        trainable_params=sum(parameter.numel() for parameter in layer.parameters()),
        checkpoint_bytes=sum(parameter.numel() * 4 for parameter in layer.parameters()),
        tune_s=tune_s,
    )


def _layers(
    task: Task, seen: Sequence[torch.Tensor], index: Index, solve: Solve, strengths: Sequence[float]
) -> list[tuple[nn.Linear, bool]]:
    """Return the layer on raw features for each strength, and whether its solver came to an end."""
    rows = torch.cat([features[index] for features in seen])
    labels = torch.from_numpy(task.labels[index]).repeat(len(seen))
    standardise = Standardiser.of(rows)
    width = rows.shape[1]
    solutions = solve(standardise(rows), labels, task.n_classes, [l2 * width for l2 in strengths])
    return [(standardise.fold(each.weight, each.bias).requires_grad_(False), each.converged) for each in solutions]


def _scored(task: Task, features: torch.Tensor, l2: float, layer: nn.Linear) -> Point:
    right = layer(features[task.val_index]).argmax(1).numpy() == task.labels[task.val_index]
    return Point(l2, float(right.mean()), layer.state_dict())


def at_edge(accuracies: Sequence[float]) -> bool:
    """Say whether the first or last of the range beats its neighbour and all others: the best may lie beyond it."""
    if len(accuracies) < 2:
        return False
    ends = ((accuracies[0], accuracies[1:]), (accuracies[-1], accuracies[:-1]))
    return any(end > max(others) for end, others in ends)
