"""What adversarial adaptation shares: the reversal of gradients, and the critic that tells the domains apart."""

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from bench.methods.descriptions import Aligning, Pair

Seen = Callable[[Pair, torch.Tensor], tuple[torch.Tensor, torch.Tensor | None]]
"""What the two domains gave and their features (B + T, D) to what the critic sees of them, and what each counts."""


def against_critic(critic: nn.Module, weight: float, seen: Seen) -> Aligning:
    """Return the loss of a critic that tells the domains apart; the features get its gradient reversed.

    The factor of the reversal grows from 0 to `weight`.
    """

    def loss(pair: Pair) -> torch.Tensor:
        features = torch.cat([pair.source_features, pair.target_features])
        inputs, counts = seen(pair, reverse_gradient(features, weight * reversal(pair.done)))
        of_source, of_target = critic(inputs).split([len(pair.source_features), len(pair.target_features)])
        return domain_loss(of_source, of_target, counts)

    return Aligning(loss, critic)


class _Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: torch.Tensor, factor: float) -> torch.Tensor:
        ctx.factor = factor
        return rows.view_as(rows)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        return -ctx.factor * gradients[0], None


def reverse_gradient(rows: torch.Tensor, factor: float) -> torch.Tensor:
    """Return the same numbers; a gradient that comes back through them is multiplied by minus the factor."""
    reversed_rows: torch.Tensor = _Reverse.apply(rows, factor)
    return reversed_rows


def reversal(done: float) -> float:
    """Return the factor of the reversal at a share of the training: 0 at first, near 1 at its end (DANN's lambda)."""
    return 2 / (1 + math.exp(-10 * done)) - 1


def make_critic(width: int, hidden: Sequence[int], seed: int) -> nn.Sequential:
    """Return a network of (B, D) to one logit each: positive for the source."""
    torch.manual_seed(seed)
    layers: list[tuple[str, nn.Module]] = []
    for number, size in enumerate(hidden):
        layers += [(f"hidden{number}", nn.Linear(width, size)), (f"relu{number}", nn.ReLU())]
        width = size
    return nn.Sequential(OrderedDict([*layers, ("output", nn.Linear(width, 1))]))


def domain_loss(of_source: torch.Tensor, of_target: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
    """Return the critic's loss on its logits (B, 1) and (T, 1), each domain counting half.

    With `weights` (B + T,) images count by them within their domain.
    """
    losses = [functional.softplus(-of_source[:, 0]), functional.softplus(of_target[:, 0])]
    if weights is not None:
        parts = weights.split([len(of_source), len(of_target)])
        losses = [loss * part / part.mean() for loss, part in zip(losses, parts, strict=True)]
    return (losses[0].mean() + losses[1].mean()) / 2
