"""The outputs of frozen parts of a network: computed once per network, data and precision, and shared by all cells."""

import functools
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from bench.contracts.data import Progress
from bench.contracts.networks import Backbone, FrozenPart
from bench.contracts.training import View
from bench.data.batches import ImageBatches, fetch
from bench.data.joined import Rows
from bench.errors import Diverged
from bench.machine import cache
from bench.machine.devices import autocast, synchronise
from bench.machine.environment import machine
from bench.machine.shared_arrays import OUTPUTS, Chunk, Compute, Work, fill, help_fill
from bench.seeding import derive

# the same for all cells, whatever batch they train with: its shape may change the last bits of the outputs
BATCH = 128
"""Images of a forward pass."""
CHUNK = 4 * BATCH
"""Images that one process computes in a row: a killed extraction loses at most these, and others help by as many."""


def forward(
    module: torch.nn.Module,
    read: Callable[[npt.NDArray[np.int64]], torch.Tensor],
    first: int,
    end: int,
    device: str,
    precision: str,
) -> torch.Tensor:
    """Return the module's outputs for inputs `first` to before `end`, on the CPU, without a graph.

    Features and logits come as float32, maps in the precision that the module gives them in.
    Raises `Diverged` where one is not finite.
    """
    with torch.inference_mode(), autocast(device, precision):
        spans = [(start, min(start + BATCH, end)) for start in range(first, end, BATCH)]
        outputs = torch.cat([module(read(np.arange(*span))) for span in spans]).cpu()
        outputs = outputs.float() if outputs.ndim == 2 else outputs
    if not bool(torch.isfinite(outputs).all()):
        raise Diverged("the network's outputs are not finite; write a smaller learning_rate, or precision: fp32")
    return outputs


def forward_all(
    module: torch.nn.Module,
    read: Callable[[npt.NDArray[np.int64]], torch.Tensor],
    count: int,
    device: str,
    precision: str,
) -> torch.Tensor:
    """Return the module's outputs for inputs 0 to `count`, (N, ...) float32 on the CPU; raise `Diverged`."""
    spans = [(first, min(first + CHUNK, count)) for first in range(0, count, CHUNK)]
    return torch.cat([forward(module, read, *span, device, precision).float() for span in spans])


@dataclass
class FrozenFeatures:
    """The outputs of frozen parts of one backbone, in `eval()`, for one data set, and what they cost."""

    name: str
    """The backbone's name, as the suite spells it."""
    network: str
    """Hash of all that the network holds before any training."""
    backbone: Backbone
    data_key: str
    """The decoded data's key, which says what the pixels are."""
    device: str
    precision: str
    threads: int
    root: Path
    progress: Progress
    workers: int = 1
    """Cells that run side by side, this one included."""
    charge: Callable[[float], None] | None = None
    """Called with the seconds that each call of `of` took."""
    paid_s: dict[str, float] = field(default_factory=dict)
    """Seconds that this cell paid, by split."""
    manifests: dict[tuple[str, View | None], dict[str, Any]] = field(default_factory=dict)
    """By split and view: images, seconds and CPU seconds of the extraction, whichever process did it."""

    def of(
        self,
        split: str,
        images: Rows,
        part: FrozenPart,
        view: View | None = None,
        data_key: str | None = None,
    ) -> torch.Tensor:
        """Return the outputs of a part for one split, (N, ...), mapped from the cache, where they are made if need be.

        A view is one random augmentation of every image, the same for all cells. `data_key` says what the pixels are
        where they are no split of the cell's own data.
        """
        began = time.perf_counter()
        key = self._key(split, part, view, data_key or self.data_key)
        seen = f", view {view[1]} ({view[0]})" if view else ""
        label = f"{self.name}: {part.name} of {len(images)} {split} images{seen}, {self.precision}, {self.device}"
        work = self._work(images, part, view)
        # processes on one GPU would only hold its memory several times
        joins = self.workers > 1 and self.device == "cpu"
        join = functools.partial(help_fill, work=work) if joins else None
        path = cache.folder(self.root, "features", key, label, lambda folder: self._extract(folder, work), join)
        made = self.manifests[split, view] = cache.manifest(path)
        outputs = torch.from_numpy(np.load(path / OUTPUTS, mmap_mode="c"))
        self._pay(split, time.perf_counter() - began)
        return outputs.view(torch.bfloat16) if made["dtype"] == "bfloat16" else outputs

    def _key(self, split: str, part: FrozenPart, view: View | None, data_key: str) -> dict[str, Any]:
        """Return all that can change a digit of the outputs."""
        return {
            "network": self.network,
            "architecture": self.name,  # two architectures can share all their tensors
            "libraries": {name: version(name) for name in ("torch", "torchvision", "timm")},
            "data": data_key,
            "split": split,
            "part": [part.name, part.definition],
            "view": list(view) if view else None,
            "normalisation": [list(self.backbone.input.mean), list(self.backbone.input.std)],
            "precision": self.precision,
            "device": self.device,
            "threads": self.threads,
        }

    def _pay(self, split: str, seconds: float) -> None:
        self.paid_s[split] = self.paid_s.get(split, 0.0) + seconds
        if self.charge is not None:
            self.charge(seconds)

    def _work(self, images: Rows, part: FrozenPart, view: View | None) -> Work:
        def start() -> Compute:
            part.module.eval()
            read = self._reader(images, view)
            synchronise(self.device)
            return lambda first, end: _storable(forward(part.module, read, first, end, self.device, self.precision))

        def told(done: int) -> None:
            self.progress("extracting", done, len(images))

        return Work(len(images), CHUNK, start, self.workers, machine(self.device), told)

    def _extract(self, folder: Path, work: Work) -> dict[str, Any]:
        """Fill the folder, going on from where killed processes stopped, and return what its manifest says."""
        chunks = fill(folder, work)
        dtype = np.load(folder / OUTPUTS, mmap_mode="r").dtype
        return {"images": work.count, "dtype": "bfloat16" if dtype == np.int16 else str(dtype), **_cost(chunks)}

    def _reader(self, images: Rows, view: View | None) -> Callable[[npt.NDArray[np.int64]], torch.Tensor]:
        augmentation = view[0] if view else "none"
        # all of them: on a GPU they lie on the device where they fit
        wanted = np.arange(len(images)) if self.device.startswith("cuda") else None
        batches = ImageBatches(images, self.backbone.input, self.device, augmentation, wanted)

        def read(index: npt.NDArray[np.int64]) -> torch.Tensor:
            if view is None:
                return fetch(batches, index)
            # by batch, so that a view is the same wherever an extraction was interrupted
            generator = torch.Generator().manual_seed(derive("view", *view, int(index[0])))
            return fetch(batches, index, generator)

        return read

    def cold_s(self, images: dict[str, int]) -> float:
        """Return the seconds that a cell would pay alone, from a cold cache, for so many images of each split."""
        return math.fsum(
            found["seconds"] / found["images"] * images[split]
            for (split, _), found in self.manifests.items()
            if split in images
        )

    def rate(self) -> float | None:
        """Return images per second of the extraction, over all splits.

        Null where another machine did it, or where it ran beside other cells.
        """
        here = machine(self.device)
        if any(found["workers"] > 1 or found["machine"] != here for found in self.manifests.values()):
            return None
        seconds = self._total("seconds")
        return self._total("images") / seconds if seconds else None

    def cpu_s_per_image(self) -> float | None:
        """Return processor seconds per image of the extraction, over all splits; null where there are no images."""
        count = self._total("images")
        return self._total("cpu_seconds") / count if count else None

    def _total(self, name: str) -> float:
        total: float = sum(found[name] for found in self.manifests.values())
        return total


def _cost(chunks: Sequence[Chunk]) -> dict[str, Any]:
    """Return what an extraction cost, whichever processes computed its chunks."""
    machines = {chunk.machine for chunk in chunks}
    return {
        "machine": machines.pop() if len(machines) == 1 else "several machines",
        "seconds": math.fsum(chunk.seconds for chunk in chunks),
        "cpu_seconds": math.fsum(chunk.cpu_seconds for chunk in chunks),
        "workers": max(chunk.workers for chunk in chunks),
    }


def _storable(chunk: torch.Tensor) -> npt.NDArray[Any]:
    # numpy has no bfloat16: it is kept as the integers of its bits
    array: npt.NDArray[Any] = (chunk.view(torch.int16) if chunk.dtype == torch.bfloat16 else chunk).numpy()
    return array
