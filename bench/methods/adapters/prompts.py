"""Learnt tokens in the blocks of a vision transformer, put there in place."""

import math
from typing import Any

import torch
from torch import nn

from bench.contracts.training import Task
from bench.errors import InvalidData
from bench.methods.adapters.families import FAMILIES, family_of, modules_at, output_shapes


def add_prompts(task: Task, count: int, deep: bool, dropout: float) -> None:
    """Put prompts before the first block, or before each, and take them out behind the last one that has them."""
    network = task.backbone.network
    names = modules_at(network, family_of(network, "visual_prompt").blocks)
    if not names:
        known = ", ".join(f"{library}'s {name}" for (library, name), family in FAMILIES.items() if family.blocks)
        raise InvalidData(
            f"visual_prompt: a {type(network).__name__} has no blocks that take any number of tokens; take {known}"
        )
    shapes = output_shapes(task, names, "visual_prompt")
    torch.manual_seed(task.seed_of("init"))
    for name in names:
        width = shapes[name][-1]
        prompts = Prompts(count, width, _bound(network, width), dropout) if deep or name == names[0] else None
        dropped = count if deep or name == names[-1] else 0
        block = Prompted(network.get_submodule(name), prompts, dropped)
        network.set_submodule(name, block.to(task.device))


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
