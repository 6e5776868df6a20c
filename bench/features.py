"""Frozen features, computed once per network, data and precision, and shared by all cells that want them."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from bench import cache
from bench.backbones.building import state_sha256
from bench.contracts import Backbone, Progress
from bench.data.transforms import Normalise
from bench.devices import autocast, synchronise
from bench.environment import machine
from bench.errors import Diverged

BATCH = 128
"""Fixed, since the batch's shape may change the last bits."""


def forward_all(
    module: torch.nn.Module,
    fetch: Callable[[npt.NDArray[np.int64]], torch.Tensor],
    count: int,
    device: str,
    precision: str,
    progress: Progress | None = None,
) -> torch.Tensor:
    """Return the module's outputs for inputs 0 to `count`, (N, ...) float32 on the CPU, without a graph.

    Raises `Diverged` where one is not finite.
    """
    outputs = []
    with torch.inference_mode(), autocast(device, precision):
        for start in range(0, count, BATCH):
            outputs.append(module(fetch(np.arange(start, min(start + BATCH, count)))).float().cpu())
            if progress:
                progress("extracting", min(start + BATCH, count), count)
    everything = torch.cat(outputs)
    if not bool(torch.isfinite(everything).all()):
        raise Diverged("the network's outputs are not finite; write a smaller learning_rate, or precision: fp32")
    return everything


@dataclass
class FrozenFeatures:
    """The features of one backbone, in `eval()` and untouched; what they cost is kept with them."""

    name: str
    """The backbone's, as the suite spells it: two architectures can share all their tensors."""
    backbone: Backbone
    data_key: str
    """What the pixels are: the decoded data's key."""
    device: str
    precision: str
    threads: int
    root: Path
    progress: Progress
    workers: int = 1
    """Cells side by side with this one."""
    paid_s: dict[str, float] = field(default_factory=dict)
    """Seconds that this cell paid, by split."""
    manifests: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Per split: images, seconds and CPU seconds of the extraction, whoever did it."""
    _network: str | None = None

    def of(self, split: str, images: npt.NDArray[np.uint8]) -> torch.Tensor:
        """Return the features (N, D) of one split, from the cache or into it."""
        began = time.perf_counter()
        self._network = self._network or state_sha256(self.backbone.network.state_dict())
        key = {
            "network": self._network,
            "architecture": self.name,
            "libraries": {name: version(name) for name in ("torch", "torchvision", "timm")},
            "data": self.data_key,
            "split": split,
            "normalisation": [list(self.backbone.input.mean), list(self.backbone.input.std)],
            "precision": self.precision,
            "device": self.device,
            "threads": self.threads,
        }
        path = cache.folder(self.root, "features", key, lambda folder: self._extract(folder, images))
        self.manifests[split] = cache.manifest(path)
        features = torch.from_numpy(np.load(path / "features.npy"))
        self.paid_s[split] = time.perf_counter() - began
        return features

    def _extract(self, folder: Path, images: npt.NDArray[np.uint8]) -> dict[str, Any]:
        network = self.backbone.network.eval()
        normalise = Normalise(self.backbone.input, self.device)
        synchronise(self.device)
        wall, cpu = time.perf_counter(), time.process_time()
        features = forward_all(
            network, lambda index: normalise(images[index]), len(images), self.device, self.precision, self.progress
        )
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        np.save(folder / "features.npy", features.numpy())
        made = {"workers": self.workers, "machine": machine(self.device)}
        return {"images": len(images), "seconds": wall, "cpu_seconds": cpu, **made}

    def cold_s(self, images: dict[str, int]) -> float:
        """Return what a cell would pay alone for so many images of each split."""
        return math.fsum(
            found["seconds"] / found["images"] * images[split]
            for split, found in self.manifests.items()
            if split in images
        )

    def rate(self) -> float | None:
        """Return images per second of the extraction, over all splits.

        Null where another machine did it, or where it ran beside other cells.
        """
        here = machine(self.device)
        if any(found["workers"] > 1 or found["machine"] != here for found in self.manifests.values()):
            return None
        seconds = sum(found["seconds"] for found in self.manifests.values())
        return sum(found["images"] for found in self.manifests.values()) / seconds if seconds else None

    def cpu_s_per_image(self) -> float | None:
        """Return processor seconds per image of the extraction, over all splits."""
        count = sum(found["images"] for found in self.manifests.values())
        return sum(found["cpu_seconds"] for found in self.manifests.values()) / count if count else None
