"""How long the adapted network takes for one image, and for a batch."""

import statistics
import time
from typing import Any

import torch

from bench.devices import autocast, synchronise
from bench.profiling import Rehearsal

BATCHES = (1, 64)
WARMUP = 1
SECONDS = 0.5
FEWEST, MOST = 3, 100


def profile(rehearsal: Rehearsal) -> dict[str, Any]:
    """Return the median ms of a forward pass from normalised images on the device to logits, by batch size."""
    cell = rehearsal.cell
    model = rehearsal.fitted.model.to(cell.device).eval()
    found = {}
    for size in BATCHES:
        images = torch.zeros(size, 3, cell.image_size, cell.image_size, device=cell.device)
        images = images.contiguous(memory_format=torch.channels_last)
        times: list[float] = []
        while len(times) < WARMUP + FEWEST or (sum(times) < SECONDS and len(times) < MOST):
            synchronise(cell.device)
            began = time.perf_counter()
            with torch.inference_mode(), autocast(cell.device, cell.precision):
                model(images)
            synchronise(cell.device)
            times.append(time.perf_counter() - began)
        found[str(size)] = statistics.median(times[WARMUP:]) * 1000
    return {"latency_ms": found}
