"""How long the adapted network takes for one image, and for a batch."""

import statistics
import time
from typing import Any

import torch

from bench.devices import autocast, synchronise
from bench.profiling import Rehearsal
from bench.schema import Cell

BATCHES = (1, 64)
BURSTS = 5
"""Of each batch, in turns: a neighbour that disturbs one does not disturb them all."""
WARMUP = 1
SECONDS = 0.1
FEWEST, MOST = 3, 20
"""Of a burst: its length, and how many passes it has, warm-up aside."""


def profile(rehearsal: Rehearsal) -> dict[str, Any]:
    """Return ms of a forward pass from normalised images on the device to logits, by batch: the best burst's median."""
    cell = rehearsal.cell
    model = rehearsal.fitted.model.to(cell.device).eval()
    medians: dict[int, list[float]] = {size: [] for size in BATCHES}
    for _ in range(BURSTS):
        for size, found in medians.items():
            images = torch.zeros(size, 3, cell.image_size, cell.image_size, device=cell.device)
            images = images.contiguous(memory_format=torch.channels_last)
            found.append(statistics.median(_burst(model, images, cell)[WARMUP:]))
    return {"latency_ms": {str(size): min(found) * 1000 for size, found in medians.items()}}


def _burst(model: torch.nn.Module, images: torch.Tensor, cell: Cell) -> list[float]:
    """Return the seconds of passes one after another, warm-up included."""
    times: list[float] = []
    while len(times) < WARMUP + FEWEST or (sum(times) < SECONDS and len(times) < WARMUP + MOST):
        synchronise(cell.device)
        began = time.perf_counter()
        with torch.inference_mode(), autocast(cell.device, cell.precision):
            model(images)
        synchronise(cell.device)
        times.append(time.perf_counter() - began)
    return times
