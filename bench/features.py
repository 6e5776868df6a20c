"""What frozen parts of a network make of the images: computed once per network, data and precision, and shared."""

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from bench import cache
from bench.contracts import Backbone, FrozenPart, Progress, View
from bench.data.batches import ImageBatches, fetch
from bench.data.joined import Rows
from bench.devices import autocast, synchronise
from bench.environment import machine
from bench.errors import Diverged
from bench.seeding import derive

BATCH = 128
"""Fixed, since the batch's shape may change the last bits."""
CHUNK = 8 * BATCH
"""Images between two points at which a killed extraction goes on."""
OUTPUTS, PROGRESS = "outputs.npy", "progress.json"


def forward_chunks(
    module: torch.nn.Module,
    read: Callable[[npt.NDArray[np.int64]], torch.Tensor],
    start: int,
    count: int,
    device: str,
    precision: str,
) -> Iterator[torch.Tensor]:
    """Yield the module's outputs for inputs `start` to `count`, chunk by chunk, on the CPU, without a graph.

    Features and logits come as float32, maps in the precision that the module gives them in.
    Raises `Diverged` where one is not finite.
    """
    while start < count:
        end = min(start + CHUNK, count)
        with torch.inference_mode(), autocast(device, precision):
            spans = [(first, min(first + BATCH, end)) for first in range(start, end, BATCH)]
            outputs = torch.cat([module(read(np.arange(*span))) for span in spans]).cpu()
            outputs = outputs.float() if outputs.ndim == 2 else outputs
        if not bool(torch.isfinite(outputs).all()):
            raise Diverged("the network's outputs are not finite; write a smaller learning_rate, or precision: fp32")
        yield outputs
        start = end


def forward_all(
    module: torch.nn.Module,
    read: Callable[[npt.NDArray[np.int64]], torch.Tensor],
    count: int,
    device: str,
    precision: str,
) -> torch.Tensor:
    """Return the module's outputs for inputs 0 to `count`, (N, ...) float32 on the CPU; raise `Diverged`."""
    return torch.cat([chunk.float() for chunk in forward_chunks(module, read, 0, count, device, precision)])


@dataclass
class Extraction:
    """How far one extraction is, and what it has cost so far: kept beside the outputs until it is done."""

    done: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    workers: int = 1
    machine: str = ""

    @classmethod
    def left_in(cls, folder: Path, count: int) -> "Extraction":
        """Return what a killed process left of so many images; a fresh start where there is nothing to go on from."""
        try:
            left = cls(**json.loads((folder / PROGRESS).read_text()))
            there = len(np.load(folder / OUTPUTS, mmap_mode="r"))
        except (OSError, ValueError, TypeError, EOFError):
            return cls()
        return left if there == count else cls()


@dataclass
class FrozenFeatures:
    """What frozen parts of one backbone, in `eval()` and untouched, make of a data set; its cost is kept with it."""

    name: str
    """The backbone's, as the suite spells it: two architectures can share all their tensors."""
    network: str
    """Hash of all that the network holds before any training."""
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
    charge: Callable[[float], None] | None = None
    """Hears the seconds that each call took."""
    paid_s: dict[str, float] = field(default_factory=dict)
    """Seconds that this cell paid, by split."""
    manifests: dict[tuple[str, View | None], dict[str, Any]] = field(default_factory=dict)
    """Per split and view: images, seconds and CPU seconds of the extraction, whoever did it."""

    def of(
        self,
        split: str,
        images: Rows,
        part: FrozenPart,
        view: View | None = None,
        data_key: str | None = None,
    ) -> torch.Tensor:
        """Return what a part makes of one split, (N, ...), from the cache or into it; mapped from disk, not read.

        A view is one random augmentation of every image, the same for all cells. `data_key` says what the pixels are
        where they are no split of the cell's own data.
        """
        began = time.perf_counter()
        key = {
            "network": self.network,
            "architecture": self.name,
            "libraries": {name: version(name) for name in ("torch", "torchvision", "timm")},
            "data": data_key or self.data_key,
            "split": split,
            "part": [part.name, part.definition],
            "view": list(view) if view else None,
            "normalisation": [list(self.backbone.input.mean), list(self.backbone.input.std)],
            "precision": self.precision,
            "device": self.device,
            "threads": self.threads,
        }
        seen = f", view {view[1]} ({view[0]})" if view else ""
        label = f"{self.name}: {part.name} of {len(images)} {split} images{seen}, {self.precision}, {self.device}"
        path = cache.folder(self.root, "features", key, label, lambda folder: self._extract(folder, images, part, view))
        made = self.manifests[split, view] = cache.manifest(path)
        outputs = torch.from_numpy(np.load(path / OUTPUTS, mmap_mode="c"))
        seconds = time.perf_counter() - began
        self.paid_s[split] = self.paid_s.get(split, 0.0) + seconds
        if self.charge is not None:
            self.charge(seconds)
        return outputs.view(torch.bfloat16) if made["dtype"] == "bfloat16" else outputs

    def _extract(self, folder: Path, images: Rows, part: FrozenPart, view: View | None) -> dict[str, Any]:
        """Fill the folder, going on from where a killed process stopped."""
        kept = Extraction.left_in(folder, len(images))
        here = machine(self.device)
        kept.machine = here if kept.machine in ("", here) else "several machines"
        kept.workers = max(kept.workers, self.workers)
        part.module.eval()
        chunks = forward_chunks(
            part.module, self._reader(images, view), kept.done, len(images), self.device, self.precision
        )
        array: npt.NDArray[Any] | None = None
        dtype = "float32"
        synchronise(self.device)
        wall, cpu = time.perf_counter(), time.process_time()
        for chunk in chunks:
            dtype = str(chunk.dtype).removeprefix("torch.")
            if array is None:
                array = _open(folder / OUTPUTS, (len(images), *chunk.shape[1:]), chunk.dtype, fresh=kept.done == 0)
            array[kept.done : kept.done + len(chunk)] = _storable(chunk)
            kept.done += len(chunk)
            now = time.perf_counter(), time.process_time()
            kept.seconds, kept.cpu_seconds = kept.seconds + now[0] - wall, kept.cpu_seconds + now[1] - cpu
            wall, cpu = now
            array.flush()  # type: ignore[attr-defined]  # a memory map: on the disk before it is noted as done
            cache.write_atomically(folder / PROGRESS, json.dumps(vars(kept)))
            self.progress("extracting", kept.done, len(images))
        if array is None:  # all was done but for the last touch
            stored = np.load(folder / OUTPUTS, mmap_mode="r")
            dtype = "bfloat16" if stored.dtype == np.int16 else str(stored.dtype)
        (folder / PROGRESS).unlink()
        cost = {"seconds": kept.seconds, "cpu_seconds": kept.cpu_seconds, "workers": kept.workers}
        return {"images": len(images), "dtype": dtype, "machine": kept.machine, **cost}

    def _reader(self, images: Rows, view: View | None) -> Callable[[npt.NDArray[np.int64]], torch.Tensor]:
        augmentation = view[0] if view else "none"
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
        """Return what a cell would pay alone for so many images of each split."""
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
        seconds = sum(found["seconds"] for found in self.manifests.values())
        return sum(found["images"] for found in self.manifests.values()) / seconds if seconds else None

    def cpu_s_per_image(self) -> float | None:
        """Return processor seconds per image of the extraction, over all splits."""
        count = sum(found["images"] for found in self.manifests.values())
        return sum(found["cpu_seconds"] for found in self.manifests.values()) / count if count else None


def _open(path: Path, shape: tuple[int, ...], dtype: torch.dtype, fresh: bool) -> npt.NDArray[Any]:
    """Map the array to be filled; numpy knows no bfloat16, which is kept as the integers of its bits."""
    kind = np.dtype(np.int16) if dtype == torch.bfloat16 else torch.empty(0, dtype=dtype).numpy().dtype
    mode: Any = "w+" if fresh else "r+"
    array: npt.NDArray[Any] = np.lib.format.open_memmap(path, mode=mode, dtype=kind, shape=shape if fresh else None)
    assert array.shape == shape, f"{path}: left by another extraction"
    return array


def _storable(chunk: torch.Tensor) -> npt.NDArray[Any]:
    array: npt.NDArray[Any] = (chunk.view(torch.int16) if chunk.dtype == torch.bfloat16 else chunk).numpy()
    return array
