"""How long the adapted network takes for one image, and for a batch."""

import statistics
import time
from typing import Any

import torch

from bench.cell.profiling import Rehearsal, adapted, once
from bench.machine.devices import autocast, synchronise
from bench.schema import Cell

BATCHES = (1, 64)
BURSTS = 5
"""Bursts of each batch size, in turns: a neighbour that disturbs one does not disturb them all."""
SECONDS = 0.1
MOST = 20
"""A burst begins new passes for so many seconds, and has no more than so many of them."""


def profile(rehearsal: Rehearsal) -> dict[str, Any]:
    """Return ms of a forward pass from normalised images on the device to logits, by batch size.

    The figure is the median of the best burst. It is measured once for all budgets of a method.
    """
    cell, model = rehearsal.cell, rehearsal.fitted.model
    # not `likeness`: small budgets clamp the batch of training, which is nothing to a forward pass
    key = {"latency": list(BATCHES), "modules": repr(model), **adapted(cell)}
    return once(rehearsal.folder, key, lambda: {"latency_ms": latency_ms(model, cell)})


def latency_ms(model: torch.nn.Module, cell: Cell) -> dict[str, float]:
    """Return ms by the batch's size."""
    model = model.to(cell.device).eval()
    batches = {size: _images(size, cell) for size in BATCHES}
    medians: dict[int, list[float]] = {size: [] for size in BATCHES}
    for images in batches.values():
        _pass_s(model, images, cell)  # warm-up
    for _ in range(BURSTS):
        for size, images in batches.items():
            medians[size].append(statistics.median(_burst(model, images, cell)))
    # the best burst: one long measurement was the neighbours' as often as the network's
    return {str(size): min(found) * 1000 for size, found in medians.items()}


def _images(size: int, cell: Cell) -> torch.Tensor:
    images = torch.zeros(size, 3, cell.image_size, cell.image_size, device=cell.device)
    return images.contiguous(memory_format=torch.channels_last)


def _burst(model: torch.nn.Module, images: torch.Tensor, cell: Cell) -> list[float]:
    """Return the seconds of passes one after another."""
    times = [_pass_s(model, images, cell)]
    while sum(times) < SECONDS and len(times) < MOST:
        times.append(_pass_s(model, images, cell))
    return times


def _pass_s(model: torch.nn.Module, images: torch.Tensor, cell: Cell) -> float:
    synchronise(cell.device)
    began = time.perf_counter()
    with torch.inference_mode(), autocast(cell.device, cell.precision):
        model(images)
    synchronise(cell.device)
    return time.perf_counter() - began
