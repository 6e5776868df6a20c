"""What `--workers auto` stands for where cells train: one cell on all cores, or several of one thread each."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from bench.backbones.sources import source_of
from bench.contracts.data import Places, Progress
from bench.machine import cache
from bench.machine.devices import configure
from bench.machine.environment import machine
from bench.running.jobs import Executor, Job

SECONDS = 3.0
"""How long training steps are timed, after one that is warm-up."""
# two cells of one thread did 0.83 times the work of one cell on two busy cores, and 1.1 to 1.4 times (derived from
# their times apart) on idle ones: only a trial tells, and the gain is small
WORTH = 1.15
"""How many times as much cells side by side must do in all, since their throughput is not published."""
TIMEOUT_S = 600.0


@dataclass(frozen=True)
class PackingRequest:
    """What the trial trains."""

    backbone: str
    image_size: int
    batch_size: int
    threads: int


@dataclass(frozen=True)
class Packing:
    """How many cells run side by side, each on its share of the cores, and why."""

    workers: int
    reason: str


def images_per_s(request: PackingRequest, progress: Progress) -> float:
    """Return how many images a second training takes in, on random weights and random images."""
    import torch  # planning, which imports this module, never needs it

    configure("cpu", request.threads, True)
    backbone = source_of(request.backbone).build(request.backbone, None, request.image_size)
    network = backbone.network.to(memory_format=torch.channels_last).train()
    images = torch.randn(request.batch_size, 3, request.image_size, request.image_size)
    images = images.contiguous(memory_format=torch.channels_last)
    began, steps = 0.0, 0
    while steps < 2 or time.perf_counter() - began < SECONDS:
        if steps == 1:
            began = time.perf_counter()
        network(images).square().mean().backward()
        network.zero_grad(set_to_none=True)
        steps += 1
        progress(f"packing of {request.backbone}", steps, steps + 1)
    return (steps - 1) * request.batch_size / (time.perf_counter() - began)


def pack(request: PackingRequest, places: Places, alone: Executor, beside: Executor) -> Packing:
    """Return what does more: one cell on all threads, or as many one-thread cells as `beside` has workers.

    `alone` runs one job at a time, `beside` as many as the request has threads. The answer is measured once and kept.
    """
    key = {**asdict(request), "machine": machine("cpu"), "torch": version("torch"), "rule": [SECONDS, WORTH]}

    def make(_: object) -> dict[str, Any]:
        (one,) = _rates(alone, [request])
        single = PackingRequest(request.backbone, request.image_size, request.batch_size, 1)
        rates = _rates(beside, [single] * beside.workers)
        # in all only where all of them train: one that fails for lack of memory would fail as a cell too
        several = sum(rates) if all(rates) else 0.0
        return {"alone": one, "beside": several}

    label = f"packing of {request.backbone} at {request.image_size} px"
    kept = cache.manifest(cache.folder(places.cache_dir, "trials", key, label, make))
    workers = beside.workers if kept["beside"] > WORTH * kept["alone"] else 1
    figures = f"{kept['beside']:.0f} images/s in all, one cell on all cores {kept['alone']:.0f}"
    return Packing(workers, f"{beside.workers} cells of one thread train on {figures}")


def _rates(executor: Executor, requests: Sequence[PackingRequest]) -> list[float]:
    jobs = [Job("bench.running.packing:images_per_s", request, TIMEOUT_S) for request in requests]
    outcomes = [outcome for _, outcome in executor.run(jobs, lambda *_: None)]
    return [outcome.value if outcome.ended is None else 0.0 for outcome in outcomes]
