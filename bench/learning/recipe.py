"""What a training recipe comes to: batches, steps, learning rates, the optimiser, the loss."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from bench.data.batches import Index
from bench.schema import Training


def batches(index: Index, batch_size: int, seed: int) -> Iterator[Index]:
    """Yield batches without end, one permutation of `index` after another.

    The batch is clamped to the set; the last one of an epoch is smaller, and a single image left over joins the batch
    before it, since batch normalisation can't learn from one.
    """
    generator = np.random.default_rng(seed)
    sizes = epoch_sizes(len(index), batch_size)
    while True:
        order = generator.permutation(index)
        start = 0
        for size in sizes:
            yield order[start : start + size]
            start += size


def epoch_sizes(count: int, batch_size: int) -> list[int]:
    """Return the batch sizes of one epoch."""
    batch_size = min(batch_size, count)
    sizes = [batch_size] * (count // batch_size)
    rest = count % batch_size
    if rest == 1:
        sizes[-1] += 1
    elif rest:
        sizes.append(rest)
    return sizes


def total_steps(settings: Training, count: int) -> int:
    """Return the optimiser steps of a recipe on so many images."""
    if settings.steps is not None:
        return settings.steps
    assert settings.epochs is not None
    return max(1, math.ceil(settings.epochs * len(epoch_sizes(count, settings.batch_size))))


def learning_rate_factor(settings: Training, step: int, steps: int, epoch_steps: int) -> float:
    """Return what the learning rates are multiplied by at a step (0-based).

    Cosine: Loshchilov and Hutter, 2017. One-cycle: Smith and Topin, 2018, cosine legs, 30 % up from 1/25, down
    to 1/1e4.
    """
    if settings.schedule == "one_cycle":
        peak = 0.3 * steps
        if step < peak:
            return 1 / 25 + (1 - 1 / 25) * (1 - math.cos(math.pi * step / peak)) / 2
        return 1e-4 + (1 - 1e-4) * (1 + math.cos(math.pi * (step - peak) / max(1.0, steps - peak))) / 2
    warm = int(settings.warmup * steps)
    if step < warm:
        return (step + 1) / warm
    if settings.schedule == "cosine":
        return (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm))) / 2
    if settings.schedule == "step":
        return float(settings.gamma ** int(step / epoch_steps / settings.step_epochs))
    return 1.0


def make_optimizer(settings: Training, groups: Sequence[Mapping[str, Any]]) -> torch.optim.Optimizer:
    """Return the optimiser over groups of `params` and their `lr`."""
    listed = [dict(group) for group in groups]
    on_gpu = any(parameter.is_cuda for group in listed for parameter in group["params"])
    if settings.optimizer == "sgd":
        # on a CPU torch's fused SGD is the slower one
        how = {"fused": True} if on_gpu else {"foreach": True}
        return torch.optim.SGD(listed, momentum=settings.momentum, weight_decay=settings.weight_decay, **how)
    kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    return kind(listed, weight_decay=settings.weight_decay, fused=True)


def optimizer_kind(optimizer: torch.optim.Optimizer) -> str:
    """Say how torch steps over the parameters."""
    return "fused" if optimizer.defaults.get("fused") else "foreach"


def loss_of(settings: Training, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the loss of logits (B, C) against targets (B, C) that are distributions."""
    logits = logits.float()
    if settings.loss == "mse":
        return functional.mse_loss(logits, targets)
    return functional.cross_entropy(logits, targets, label_smoothing=settings.label_smoothing)
