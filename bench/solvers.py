"""Multinomial logistic regression on features: the solver of the linear probe."""

from dataclasses import dataclass

import torch
from torch.nn import functional


@dataclass(frozen=True)
class Standardiser:
    """Zero mean and unit variance per feature, learnt from the images that are fitted."""

    mean: torch.Tensor
    """(D,) float64."""
    scale: torch.Tensor
    """(D,) float64; one where a feature never varies."""

    @classmethod
    def of(cls, features: torch.Tensor) -> "Standardiser":
        """Learn from features (N, D)."""
        wide = features.double()
        spread = wide.std(0, correction=0)
        return cls(wide.mean(0), torch.where(spread > 1e-8, spread, torch.ones_like(spread)))

    def __call__(self, features: torch.Tensor) -> torch.Tensor:
        """Return standardised features (N, D), float64."""
        return (features.double() - self.mean) / self.scale

    def fold(self, weight: torch.Tensor, bias: torch.Tensor) -> torch.nn.Linear:
        """Return the linear layer on raw features that equals (C, D) weights on standardised ones."""
        layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
        folded = weight / self.scale
        with torch.no_grad():
            layer.weight.copy_(folded)
            layer.bias.copy_(bias - folded @ self.mean)
        return layer


@dataclass(frozen=True)
class Solution:
    """Weights (C, D) and bias (C,), float64."""

    weight: torch.Tensor
    bias: torch.Tensor


def logistic(
    features: torch.Tensor,
    labels: torch.Tensor,
    n_classes: int,
    l2: float,
    start: Solution | None = None,
    tolerance: float = 1e-6,
) -> Solution:
    """Minimise the mean cross entropy plus l2 / (2 N) times the squared weights; the bias is free.

    Features (N, D) float64, labels (N,). This is scikit-learn's `LogisticRegression(C=1 / l2)`, solved by L-BFGS
    (Liu and Nocedal, 1989) on the CPU in float64. Where there are fewer images than features the problem is solved in
    the span of the images, which holds the solution.
    """
    count, width = features.shape
    basis = None
    if count < width:
        # rows = coordinates @ basis with orthonormal basis rows, so norms of weights are kept
        basis, triangular = torch.linalg.qr(features.T)
        features = triangular.T
    weight = torch.zeros(n_classes, features.shape[1], dtype=torch.float64)
    bias = torch.zeros(n_classes, dtype=torch.float64)
    if start is not None:
        weight.copy_(start.weight if basis is None else start.weight @ basis)
        bias.copy_(start.bias)
    _minimise(features, labels, weight, bias, l2 / count, tolerance)
    return Solution(weight if basis is None else weight @ basis.T, bias)


def _minimise(
    features: torch.Tensor,
    labels: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor,
    decay: float,
    tolerance: float,
) -> None:
    weight.requires_grad_(True)
    bias.requires_grad_(True)
    optimizer = torch.optim.LBFGS(
        [weight, bias],
        max_iter=300,
        tolerance_grad=tolerance,
        tolerance_change=1e-10,
        history_size=12,
        line_search_fn="strong_wolfe",
    )

    def objective() -> torch.Tensor:
        optimizer.zero_grad()
        loss = functional.cross_entropy(functional.linear(features, weight, bias), labels)
        loss = loss + decay / 2 * weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(objective)
    weight.requires_grad_(False)
    bias.requires_grad_(False)
