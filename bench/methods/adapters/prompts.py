"""Learnt tokens in the blocks of a vision transformer, put there in place."""

import math
from collections.abc import Collection
from typing import Any

import torch
from torch import nn

from bench.contracts.training import Task
from bench.errors import InvalidData
from bench.methods.adapters.families import FAMILIES, family_of, modules_at, output_shapes
from bench.methods.descriptions import Tokens


def add_tokens(task: Task, added: Tokens, method: str) -> Collection[str]:
    """Put prompts before the first block, or before each, and take them out behind the last one that has them.

    All that is in them learns, so that their dropout works in training without being named.
    """
    network = task.backbone.network
    names = modules_at(network, family_of(network, method).blocks)
    if not names:
        known = ", ".join(f"{library}'s {name}" for (library, name), family in FAMILIES.items() if family.blocks)
        raise InvalidData(
            f"{method}: a {type(network).__name__} has no blocks that take any number of tokens; take {known}"
        )
    shapes = output_shapes(task, names, method)
    torch.manual_seed(task.seed_of("init"))
    for name in names:
        width = shapes[name][-1]
        bound = _bound(network, width)
        prompts = Prompts(added.count, width, bound, added.dropout) if added.deep or name == names[0] else None
        dropped = added.count if added.deep or name == names[-1] else 0
        block = Prompted(network.get_submodule(name), prompts, dropped)
        network.set_submodule(name, block.to(task.device))
    return ()


def _bound(network: nn.Module, width: int) -> float:
    """Return how far from zero prompts start: by the size of what a token is made from (Jia et al., 2022)."""
    embedding = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
    return math.sqrt(6 / (embedding.weight[0].numel() + width))


class Prompts(nn.Module):
    """Tokens that learn, (1, P, D)."""

    def __init__(self, count: int, width: int, bound: float, dropout: float) -> None:
        super().__init__()
        self.tokens = nn.Parameter(torch.empty(1, count, width).uniform_(-bound, bound))
        self.dropout = nn.Dropout(dropout)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Return tokens (B, N, D) with the prompts behind them: the blocks have no eye for order."""
        prompts: torch.Tensor = self.dropout(self.tokens)
        return torch.cat([batch, prompts.to(batch.dtype).expand(len(batch), -1, -1)], 1)


class Prompted(nn.Module):
    """A block before which prompts are added, or behind which they are taken out, or both."""

    def __init__(self, base: nn.Module, prompts: Prompts | None, dropped: int) -> None:
        super().__init__()
        self.base = base
        self.prompts = prompts
        self.dropped = dropped

    def forward(self, tokens: torch.Tensor, *arguments: Any, **named: Any) -> torch.Tensor:
        """Return tokens (B, N, D)."""
        if self.prompts is not None:
            tokens = self.prompts(tokens)
        outputs: torch.Tensor = self.base(tokens, *arguments, **named)
        return outputs[:, : -self.dropped] if self.dropped else outputs
