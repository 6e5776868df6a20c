"""From files of images to augmented batches: decoded and resized once, then cropped, flipped and normalised."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from bench.contracts.data import RawData, Split
from bench.contracts.networks import InputSpec
from bench.data.batches import ImageBatches, fetch
from bench.data.decode import decode
from bench.data.transforms import Geometry
from bench.gate.workloads.conditions import Conditions, Unit
from bench.gate.workloads.material import CLASSES, pictures, scratch

SOURCE_SIZE, SIZE = 64, 48
IMAGES = 64


@dataclass(frozen=True)
class Files:
    """JPEG files, held in memory, that are decoded when they are indexed."""

    contents: tuple[bytes, ...]

    def __len__(self) -> int:
        return len(self.contents)

    def __getitem__(self, index: int) -> Image.Image:
        return Image.open(io.BytesIO(self.contents[index]))


def files(count: int) -> Files:
    """Return pictures as JPEG."""
    written = []
    for pixels in pictures(count, SOURCE_SIZE):
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "jpeg", quality=90)
        written.append(stream.getvalue())
    return Files(tuple(written))


def prepare(asked: Conditions = Conditions()) -> Unit:  # noqa: B008  # frozen
    """Return what decodes 64 files into an empty cache and reads them twice in augmented batches."""
    labels = np.arange(IMAGES) % CLASSES
    half = IMAGES // 2
    names = [f"{position}.jpg" for position in range(IMAGES)]
    held = files(IMAGES)
    raw = RawData(
        tuple("0123456789"),
        Split(Files(held.contents[:half]), labels[:half], names[:half]),
        Split(Files(held.contents[half:]), labels[half:], names[half:]),
    )
    spec = InputSpec((0.5, 0.5, 0.5), (0.25, 0.25, 0.25), "bicubic", 1.0, SIZE)
    geometry = Geometry(SIZE, None, "bicubic")
    order = np.random.default_rng(0).permutation(half).astype(np.int64)

    def unit() -> object:
        generator = torch.Generator().manual_seed(0)
        with scratch() as folder:
            decoded = decode(raw, "pictures", geometry, Path(folder), lambda what, done, total: None)
            for name in ("train", "test"):
                batches = ImageBatches(decoded.split(name).images, spec, asked.device, "basic", order)
                for start in range(0, half, asked.batch_size):
                    fetch(batches, order[start : start + asked.batch_size], generator)
        return decoded

    return unit
