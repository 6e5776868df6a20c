"""Logistic regression on frozen features of a source, taken to where those of the target lie."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from bench.contracts.training import Fitted, Score, Task
from bench.data.batches import Index
from bench.learning.choosing import score
from bench.learning.solvers import Solution, Standardiser, logistic
from bench.methods.descriptions import Strengths
from bench.methods.domains.from_source import ON_SOURCE, domain_of, parted_source
from bench.methods.solved import UNCHOSEN, Point, as_told, at_edge, best_of, whole_budget

Align = Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
"""Standardised features (B, D) of the source and (T, D) of the target to a matrix (D, d) for each."""


@dataclass(frozen=True)
class Met:
    """Both domains in the coordinates in which they meet, float64."""

    source: torch.Tensor
    """(B, d)."""
    source_labels: torch.Tensor
    """(B,)."""
    target: torch.Tensor
    """(T, d)."""
    target_labels: torch.Tensor
    """(T,); only those of the budget may be read."""
    standardise: Standardiser
    """The target's."""
    matrix: torch.Tensor
    """(D, d), the target's."""

    @classmethod
    def of(cls, task: Task, align: Align) -> "Met":
        """Standardise the features of each domain by itself and bring them together."""
        assert task.source_outputs is not None
        features = task.source_outputs(task.whole), task.outputs(task.whole, None)
        source, target = (Standardiser.of(each) for each in features)
        theirs, mine = source(features[0]), target(features[1])
        to_source, to_target = align(theirs, mine)
        labels = torch.from_numpy(domain_of(task).labels), torch.from_numpy(task.labels)
        return cls(theirs @ to_source, labels[0], mine @ to_target, labels[1], target, to_target)

    def solve(self, n_classes: int, source: Index, target: Index, strengths: Sequence[float]) -> list[Solution]:
        """Fit some images of both domains; return weights (C, d) and bias on the coordinates for each strength."""
        rows = torch.cat([self.source[source], self.target[target]])
        labels = torch.cat([self.source_labels[source], self.target_labels[target]])
        # in units of the feature width, though the coordinates are fewer: the probe's grid serves here too
        middle, width = rows.mean(0), len(self.matrix)
        solutions = logistic(rows - middle, labels, n_classes, [l2 * width for l2 in strengths])
        return [Solution(each.weight, each.bias - each.weight @ middle, each.converged) for each in solutions]

    def score(self, solution: Solution, source: Index, target: Index) -> Score:
        """Return what some images of both domains say of a solution."""
        rows = torch.cat([self.source[source], self.target[target]])
        labels = torch.cat([self.source_labels[source], self.target_labels[target]])
        return score(rows @ solution.weight.T + solution.bias, labels.numpy())

    def layer(self, solution: Solution) -> nn.Linear:
        """Return the layer on the target's features that a solution on the coordinates is."""
        return self.standardise.fold(solution.weight @ self.matrix.T, solution.bias).requires_grad_(False)


def fit_aligned(task: Task, align: Align, strengths: Strengths) -> Fitted:
    """Solve for all strengths, choose on validation, and solve again for the best on everything that has a label."""
    met = Met.of(task, align)
    fit, val = parted_source(task)
    began = time.perf_counter()
    path = _path(task, met, fit, val, strengths.tried) if len(val) or len(task.val_index) else []
    tune_s = time.perf_counter() - began
    points = [point for point, _ in path]
    best = best_of(points)
    l2 = best.l2 if best else strengths.default
    everything = np.sort(np.concatenate([fit, val])), whole_budget(task)
    (solution,) = met.solve(task.n_classes, *everything, [l2])
    module = nn.Linear(task.backbone.width, task.n_classes)
    size = sum(parameter.numel() for parameter in module.parameters())
    where = "" if len(task.val_index) else f" ({ON_SOURCE})"
    return Fitted(
        module=module,
        states=[met.layer(solution).state_dict(), *(state for _, state in path)],
        chosen=0,
        model=nn.Sequential(OrderedDict(backbone=task.backbone.network, head=module)),
        part=task.whole,
        score=best.score if best else None,
        selection=f"best l2 by Brier score on validation, fitted again on all labels{where}" if best else UNCHOSEN,
        choice={
            "l2": l2,
            "dimensions": met.matrix.shape[1],
            "edge": at_edge(points),
            "converged": solution.converged,
            **as_told(points),
        },
        frozen=frozenset(task.backbone.network.state_dict()),
        trainable_params=size,
        checkpoint_bytes=4 * size,
        tune_s=tune_s,
    )


def _path(task: Task, met: Met, fit: Index, val: Index, tried: Sequence[float]) -> list[tuple[Point, dict[str, Any]]]:
    """Return all strengths with their states, the strongest first, validated on the source or on the target."""
    ordered = sorted(tried, reverse=True)
    solutions = met.solve(task.n_classes, fit, task.fit_index, ordered)
    return [
        (Point(l2, met.score(solution, val, task.val_index)), met.layer(solution).state_dict())
        for l2, solution in zip(ordered, solutions, strict=True)
    ]
