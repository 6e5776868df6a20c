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
    """Yield batches without end, one permutation of `index` after another; their sizes are those of `epoch_sizes`."""
    # a generator of its own: what else draws random numbers, and how often, changes no order
    generator = np.random.default_rng(seed)
    sizes = epoch_sizes(len(index), batch_size)
    while True:
        order = generator.permutation(index)
        start = 0
        for size in sizes:
            yield order[start : start + size]
            start += size


def epoch_sizes(count: int, batch_size: int) -> list[int]:
    """Return the batch sizes of one epoch of so many images, all of which are used.

    A batch is clamped to the images there are; the last one may be smaller.
    """
    batch_size = min(batch_size, count)
    sizes = [batch_size] * (count // batch_size)
    rest = count % batch_size
    if rest == 1:  # joins the batch before it: batch normalisation can't learn from one image
        sizes[-1] += 1
    elif rest:
        sizes.append(rest)
    return sizes


def total_steps(settings: Training, count: int) -> int:
    """Return the number of optimiser steps of a recipe on so many images."""
    if settings.steps is not None:
        return settings.steps
    assert settings.epochs is not None
    return max(1, math.ceil(settings.epochs * len(epoch_sizes(count, settings.batch_size))))


def learning_rate_factor(settings: Training, step: int, steps: int, epoch_steps: int) -> float:
    """Return what the learning rates are multiplied by at a step (0-based).

    Cosine: Loshchilov and Hutter, 2017. One-cycle: Smith and Topin, 2018.
    """
    if settings.schedule == "one_cycle":  # has a warm-up of its own
        return _one_cycle(step, steps)
    warm = int(settings.warmup * steps)
    if step < warm:
        return (step + 1) / warm
    if settings.schedule == "cosine":
        return (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm))) / 2
    if settings.schedule == "step":
        return float(settings.gamma ** int(step / epoch_steps / settings.step_epochs))
    return 1.0


def _one_cycle(step: int, steps: int) -> float:
    """Return the factor of two cosine legs: up from 1/25 over 30 % of the steps, then down to 1/10,000."""
    peak = 0.3 * steps
    if step < peak:
        return 1 / 25 + (1 - 1 / 25) * (1 - math.cos(math.pi * step / peak)) / 2
    return 1e-4 + (1 - 1e-4) * (1 + math.cos(math.pi * (step - peak) / max(1.0, steps - peak))) / 2


def make_optimizer(settings: Training, groups: Sequence[Mapping[str, Any]]) -> torch.optim.Optimizer:
    """Return the optimiser over groups of `params` and their `lr`."""
    listed = [dict(group) for group in groups]
    if settings.optimizer == "sgd":
        # on a CPU torch's fused SGD took 17.7 ms a step against 7.1 for MobileNetV2 (12.6 against 14.0 for ResNet-18)
        how = {"fused": True} if _on_gpu(listed) else {"foreach": True}
        return torch.optim.SGD(listed, momentum=settings.momentum, weight_decay=settings.weight_decay, **how)
    kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    # fused AdamW took 15 ms a step against 60 for ResNet-18 on a CPU
    return kind(listed, weight_decay=settings.weight_decay, fused=True)


def _on_gpu(groups: Sequence[Mapping[str, Any]]) -> bool:
    return any(parameter.is_cuda for group in groups for parameter in group["params"])


def optimizer_kind(optimizer: torch.optim.Optimizer) -> str:
    """Return how torch steps over the parameters: `fused` or `foreach`."""
    return "fused" if optimizer.defaults.get("fused") else "foreach"


def loss_of(settings: Training, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the loss of logits (B, C) against targets (B, C) that are distributions."""
    logits = logits.float()  # under autocast they may come in half precision
    if settings.loss == "mse":
        return functional.mse_loss(logits, targets)
    return functional.cross_entropy(logits, targets, label_smoothing=settings.label_smoothing)
