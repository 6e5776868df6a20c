"""What the solved probes share: a path of strengths, the choice on validation, the fit on the whole budget."""

import dataclasses
import functools
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from bench.contracts.networks import FrozenPart
from bench.contracts.training import Fitted, States, Task
from bench.data.batches import Index
from bench.learning.solvers import Solution, Standardiser, logistic, ridge
from bench.methods.descriptions import Solving, Strengths, Tuning, every_parameter
from bench.methods.gradient import features_at, fit_backbone, view_augmentation

REFITTED = "best validation l2, fitted again on the whole budget"
Solve = Callable[[torch.Tensor, torch.Tensor, int, Sequence[float]], list[Solution]]
"""Features (N, D), labels (N,), the number of classes and the strengths to a solution for each strength."""


@dataclass(frozen=True)
class Point:
    """One strength of the path."""

    l2: float
    accuracy: float
    """On validation."""
    state: dict[str, Any]


def fit_solved(task: Task, solving: Solving) -> Fitted:
    """Solve for all strengths, choose on validation, and solve again for the best on all labels of the budget."""
    solve, strengths = _solver(task, solving), solving.strengths
    part = features_at(task, solving.layer)
    features = task.outputs(part, None)
    augmented = [task.outputs(part, (view_augmentation(task), number)) for number in range(solving.views)]
    seen = [features, *augmented]
    began = time.perf_counter()
    path = _path(task, seen, solve, strengths)
    tune_s = time.perf_counter() - began
    best = best_of(path)
    l2 = best.l2 if best else strengths.default
    ((layer, converged),) = _layers(task, seen, whole_budget(task), solve, [l2])
    return fitted_head(
        task,
        part,
        nn.Linear(layer.in_features, task.n_classes),
        Selected(
            states=[layer.state_dict(), *(point.state for point in path)],
            chosen=0,
            val_accuracy=best.accuracy if best else None,
            selection=REFITTED if best else "default l2 (too few labels to validate)",
            choice={
                "l2": l2,
                "C": 1 / (l2 * layer.in_features),
                "edge": at_edge([point.accuracy for point in path]),
                "converged": converged,
            },
            tune_s=tune_s,
        ),
    )


def _solver(task: Task, solving: Solving) -> Solve:
    if solving.loss == "squares":
        return ridge
    problems = len(solving.strengths.tried)
    return functools.partial(logistic, progress=lambda done: task.progress("solving", done, max(done, problems)))


def fit_from_probe(
    task: Task,
    strengths: Strengths,
    keep_statistics: bool,
    finishing: Callable[[Task, nn.Linear], Callable[[Fitted], Fitted]],
) -> Fitted:
    """Train everything from the linear probe on; `finishing` sees both before, and gives what is done afterwards."""
    head, l2 = probe_head(task, strengths)
    finish = finishing(task, head)  # now, as training changes backbone and head in place
    tuned = fit_backbone(task, Tuning(every_parameter(task), head=head, keep_statistics=keep_statistics))
    fitted = finish(tuned)
    return dataclasses.replace(fitted, choice=fitted.choice | {"l2": l2})


def probe_head(task: Task, strengths: Strengths) -> tuple[nn.Linear, float]:
    """Return the linear probe of the training part alone, for training to start from, and the l2 that it took.

    Validation chooses the l2 and nothing else, so that it can still choose among checkpoints.
    """
    seen = [task.outputs(task.whole, None)]
    best = best_of(_path(task, seen, logistic, strengths))
    if best is None:
        ((layer, _),) = _layers(task, seen, task.fit_index, logistic, [strengths.default])
        return layer, strengths.default
    layer = nn.Linear(task.backbone.width, task.n_classes)
    layer.load_state_dict(best.state)
    return layer, best.l2


def whole_budget(task: Task) -> Index:
    """Return the images of the label budget, sorted: those to learn from once the strength is chosen."""
    return task.budget_index


@dataclass(frozen=True)
class Selected:
    """States of a head, and how one of them was chosen."""

    states: States
    chosen: int
    val_accuracy: float | None
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


def _path(task: Task, seen: Sequence[torch.Tensor], solve: Solve, strengths: Strengths) -> list[Point]:
    """Return all strengths from the strongest on, fitted on the training part; none where nothing validates."""
    if not len(task.val_index):
        return []
    # an order of its own, whatever a suite's is: the first and the last are the ends of the range
    tried = sorted(strengths.tried, reverse=True)
    layers = _layers(task, seen, task.fit_index, solve, tried)
    return [_scored(task, seen[0], l2, layer) for l2, (layer, _) in zip(tried, layers, strict=True)]


def best_of(path: Sequence[Point]) -> Point | None:
    """Return the point that validates best, of equals the strongest."""
    return max(path, key=lambda point: (point.accuracy, point.l2), default=None)


def _layers(
    task: Task, seen: Sequence[torch.Tensor], index: Index, solve: Solve, strengths: Sequence[float]
) -> list[tuple[nn.Linear, bool]]:
    """Return the layer on raw features for each strength, and whether its solver came to an end."""
    rows = torch.cat([features[index] for features in seen])
    labels = torch.from_numpy(task.labels[index]).repeat(len(seen))
    standardise = Standardiser.of(rows)
    width = rows.shape[1]
    # standardised features have the squared norm D: in units of it one grid serves narrow and wide backbones
    solutions = solve(standardise(rows), labels, task.n_classes, [l2 * width for l2 in strengths])
    return [(standardise.fold(each.weight, each.bias).requires_grad_(False), each.converged) for each in solutions]


def _scored(task: Task, features: torch.Tensor, l2: float, layer: nn.Linear) -> Point:
    right = layer(features[task.val_index]).argmax(1).numpy() == task.labels[task.val_index]
    return Point(l2, float(right.mean()), layer.state_dict())


def at_edge(accuracies: Sequence[float]) -> bool:
    """Say whether the first or last of the range beats its neighbour and all others: the best may lie beyond it."""
    if len(accuracies) < 2:
        return False
    # a tie says nothing: on a dozen validation images many strengths are equal
    ends = ((accuracies[0], accuracies[1:]), (accuracies[-1], accuracies[:-1]))
    return any(end > max(others) for end, others in ends)
