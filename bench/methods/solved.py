"""What the solved probes share: a path of strengths, the choice on validation, the fit on the whole budget."""

import functools
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from bench.contracts.networks import FrozenPart
from bench.contracts.training import Fitted, Score, States, Task
from bench.data.batches import Index
from bench.learning.choosing import score, score_at_best_scale, told
from bench.learning.solvers import Solution, Standardiser, logistic, ridge
from bench.methods.descriptions import Solving, Strengths
from bench.methods.gradient import features_at, view_augmentation

UNCHOSEN = "default l2 (too few labels to choose)"
Solve = Callable[[torch.Tensor, torch.Tensor, int, Sequence[float]], list[Solution]]
"""Features (N, D), labels (N,), the number of classes and the strengths to a solution for each strength."""


@dataclass(frozen=True)
class Point:
    """One strength of the path."""

    l2: float
    score: Score
    """On what was held out."""


@dataclass(frozen=True)
class Problem:
    """A linear layer to be solved for, on features of all training images."""

    task: Task
    seen: Sequence[torch.Tensor]
    """Features (N, D): of the images as they are, then of each augmented view."""
    solve: Solve
    squares: bool
    """Whether it is least squares, whose answers are no logits."""

    def layers(self, index: Index, strengths: Sequence[float]) -> list[tuple[nn.Linear, bool]]:
        """Return the layer on raw features for each strength, and whether its solver came to an end."""
        rows = torch.cat([features[index] for features in self.seen])
        labels = torch.from_numpy(self.task.labels[index]).repeat(len(self.seen))
        standardise = Standardiser.of(rows)
        width = rows.shape[1]
        # standardised features have the squared norm D: in units of it one grid serves narrow and wide backbones
        solutions = self.solve(standardise(rows), labels, self.task.n_classes, [l2 * width for l2 in strengths])
        return [(standardise.fold(each.weight, each.bias).requires_grad_(False), each.converged) for each in solutions]

    def path(self, strengths: Strengths) -> list[Point]:
        """Score all strengths, the strongest first, on what the folds hold out; none where there is no fold."""
        # an order of its own, whatever a suite's is: the first and the last are the ends of the range
        tried = sorted(strengths.tried, reverse=True)
        answers: list[list[torch.Tensor]] = [[] for _ in tried]
        for fold in self.task.folds:
            rows = self.seen[0][fold.held]
            for kept, (layer, _) in zip(answers, self.layers(fold.fit, tried), strict=True):
                kept.append(layer(rows))
        if not self.task.folds:
            return []
        labels = self.task.labels[np.concatenate([fold.held for fold in self.task.folds])]
        judge = score_at_best_scale if self.squares else score
        return [Point(l2, judge(torch.cat(kept), labels)) for l2, kept in zip(tried, answers, strict=True)]


def fit_solved(task: Task, solving: Solving) -> Fitted:
    """Choose among the strengths on what folds hold out, and solve for the best on all labels of the budget."""
    part = features_at(task, solving.layer)
    views = [None, *((view_augmentation(task), number) for number in range(solving.views))]
    seen = [task.outputs(part, view) for view in views]
    problem = Problem(task, seen, _solver(task, solving), solving.loss == "squares")
    began = time.perf_counter()
    path = problem.path(solving.strengths)
    tune_s = time.perf_counter() - began
    best = best_of(path)
    l2 = best.l2 if best else solving.strengths.default
    # the others stand by as candidates where they cost little
    others = [point.l2 for point in path if point.l2 != l2] if len(task.folds) > 1 else []
    layers = problem.layers(whole_budget(task), [l2, *others])
    layer, converged = layers[0]
    return fitted_head(
        task,
        part,
        nn.Linear(layer.in_features, task.n_classes),
        Selected(
            states=[each.state_dict() for each, _ in layers],
            chosen=0,
            score=best.score if best else None,
            selection=f"best l2 by Brier score {where(task)}" if best else UNCHOSEN,
            choice={
                "l2": l2,
                "C": 1 / (l2 * layer.in_features),
                "edge": at_edge(path),
                "converged": converged,
                **as_told(path),
            },
            tune_s=tune_s,
        ),
    )


def _solver(task: Task, solving: Solving) -> Solve:
    if solving.loss == "squares":
        return ridge
    problems = len(solving.strengths.tried)
    return functools.partial(logistic, progress=lambda done: task.progress("solving", done, max(done, problems)))


def where(task: Task) -> str:
    """Say what a choice was made on, in words."""
    if len(task.folds) > 1:
        return f"over {len(task.folds)} folds of the budget, fitted on all of it"
    return "on validation, fitted again on the whole budget"


def as_told(path: Sequence[Point]) -> dict[str, Any]:
    """Return the path for the record; nothing where there is none."""
    return {"path": [{"l2": point.l2, **told(point.score)} for point in path]} if path else {}


def whole_budget(task: Task) -> Index:
    """Return the images of the label budget, sorted: those to learn from once the strength is chosen."""
    return task.budget_index


@dataclass(frozen=True)
class Selected:
    """States of a head, and how one of them was chosen."""

    states: States
    chosen: int
    score: Score | None
    """Of the one that was chosen, on what was held out; null where nothing was."""
    selection: str
    choice: dict[str, Any]
    tune_s: float = 0.0


def fitted_head(task: Task, part: FrozenPart, head: nn.Module, selected: Selected) -> Fitted:
    """Return what a head on frozen features comes to that no gradient loop has trained."""
    held = [*head.parameters(), *head.buffers()]
    return Fitted(
        module=head,
        model=nn.Sequential(OrderedDict(backbone=part.module, head=head)),
        part=part,
        frozen=frozenset(task.backbone.network.state_dict()),
        trainable_params=sum(parameter.numel() for parameter in head.parameters()),
        checkpoint_bytes=sum(tensor.numel() * tensor.element_size() for tensor in held),
        **vars(selected),
    )


def best_of(path: Sequence[Point]) -> Point | None:
    """Return the point that what was held out speaks for: that of the least loss, of equals the strongest."""
    return min(path, key=lambda point: (_loss(point), -point.l2), default=None)


def _loss(point: Point) -> float:
    # as the record tells it: where all that was held out is right, the last digits are those of the arithmetic
    return round(point.score.loss, 6)


def at_edge(path: Sequence[Point]) -> bool:
    """Say whether the first or last of the range is better than all others: the best may lie beyond it."""
    if len(path) < 2:
        return False
    losses = [_loss(point) for point in path]
    ends = ((losses[0], losses[1:]), (losses[-1], losses[:-1]))
    return any(end < min(others) for end, others in ends)
