"""The linear probe: logistic regression on frozen features."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from annotated_types import Gt, Len

from bench.contracts import Fitted, Task

if TYPE_CHECKING:
    import torch
    from torch import nn


REFITTED = "best validation l2, fitted again on the whole budget"


@dataclass(frozen=True)
class LinearProbe:
    """Logistic regression on standardised frozen features (Alain and Bengio, 2016).

    `l2` is scikit-learn's 1/C in units of the number of features D, as standardised features have the squared norm D:
    one grid then serves narrow and wide backbones. Its best value on validation is fitted again on the whole budget, as
    in Kornblith et al. (2019). Where the budget is too small to validate, `default_l2` is taken; it was chosen on
    training images outside of such budgets. `solver: gradient` trains the layer by the suite's recipe in place of
    solving for it, as tutorials do.
    """

    l2: Annotated[tuple[Annotated[float, Gt(0)], ...], Len(1)] = (1e-3, 1e-2, 0.1, 1.0, 10.0)
    default_l2: Annotated[float, Gt(0)] = 0.3
    solver: Literal["lbfgs", "gradient"] = "lbfgs"

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 1e-2}
    uses_weights: ClassVar[bool] = True
    cost: ClassVar[str] = "features"

    def fit(self, task: Task) -> Fitted:
        """Learn the task."""
        return self._by_gradient(task) if self.solver == "gradient" else self._by_solver(task)

    def _by_gradient(self, task: Task) -> Fitted:
        from torch import nn

        from bench.methods.gradient import fit_head

        head = nn.Linear(task.backbone.width, task.n_classes)
        nn.init.zeros_(head.weight)
        nn.init.zeros_(head.bias)
        return fit_head(task, head)

    def _by_solver(self, task: Task) -> Fitted:
        import numpy as np
        import torch

        features = task.features()
        began = time.perf_counter()
        path = self._path(task, features) if len(task.val_index) else []
        tune_s = time.perf_counter() - began
        # of equals the strongest
        best = max(path, key=lambda point: (point.accuracy, point.l2), default=None)
        l2 = best.l2 if best else self.default_l2
        whole = np.sort(np.concatenate([task.fit_index, task.val_index]))
        layer = solve(task, features, whole, [l2])[0]
        return Fitted(
            module=torch.nn.Linear(task.backbone.width, task.n_classes),
            states=[layer.state_dict(), *(point.state for point in path)],
            chosen=0,
            on_features=True,
            val_accuracy=best.accuracy if best else None,
            selection=REFITTED if best else "default l2 (too few labels to validate)",
            choice={"l2": l2, "C": 1 / (l2 * task.backbone.width), "edge": at_edge([point.accuracy for point in path])},
            frozen=frozenset(task.backbone.network.state_dict()),
            trainable_params=sum(parameter.numel() for parameter in layer.parameters()),
            checkpoint_bytes=sum(parameter.numel() * 4 for parameter in layer.parameters()),
            tune_s=tune_s,
        )

    def _path(self, task: Task, features: "torch.Tensor") -> list["Point"]:
        """Return what each l2 gives on validation, strongest first."""
        strengths = sorted(self.l2, reverse=True)
        layers = solve(task, features, task.fit_index, strengths)
        held, truth = features[task.val_index], task.labels[task.val_index]
        accuracies = [float((layer(held).argmax(1).numpy() == truth).mean()) for layer in layers]
        return [
            Point(l2, score, layer.state_dict()) for l2, score, layer in zip(strengths, accuracies, layers, strict=True)
        ]


@dataclass(frozen=True)
class Point:
    """One l2 of the path."""

    l2: float
    accuracy: float
    """On validation."""
    state: dict[str, Any]


def at_edge(accuracies: Sequence[float]) -> bool:
    """Say whether the first or last of the range beats its neighbour and all others: the best may lie beyond it."""
    if len(accuracies) < 2:
        return False
    ends = ((accuracies[0], accuracies[1:]), (accuracies[-1], accuracies[:-1]))
    return any(end > max(others) for end, others in ends)


def solve(task: Task, features: "torch.Tensor", index: Any, strengths: Sequence[float]) -> "list[nn.Linear]":
    """Return the layer for each l2 (in units of D), strongest first, each started where the one before it ended."""
    import torch

    from bench.solvers import Standardiser, logistic

    standardise = Standardiser.of(features[index])
    inputs, labels = standardise(features[index]), torch.from_numpy(task.labels[index])
    solution, layers = None, []
    for l2 in strengths:
        solution = logistic(inputs, labels, task.n_classes, l2 * inputs.shape[1], solution)
        layers.append(standardise.fold(solution.weight, solution.bias).requires_grad_(False))
        task.progress("solving", len(layers), len(strengths))
    return layers
