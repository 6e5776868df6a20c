"""What a training loop reads: batches of images, or of what a frozen part of a network has made of them."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bench.contracts.networks import InputSpec
from bench.contracts.training import Inputs
from bench.data.joined import Rows
from bench.data.transforms import Normalise, policy, random_resized_crop_flip

# a run's own process imports this module and never torch: inside functions alone
if TYPE_CHECKING:
    import torch

Index = npt.NDArray[np.int64]
RESIDENT_SHARE = 0.4
"""Of a GPU's free memory. Images that fit into that share lie on the GPU, and no batch is copied to it."""


def fetch(inputs: Inputs, index: Index, generator: "torch.Generator | None" = None) -> "torch.Tensor":
    """Read a batch and place it; with a generator it is augmented."""
    return inputs.place(inputs.read(index, generator), generator)


class ImageBatches:
    """Normalised, perhaps augmented, images.

    On a GPU the wanted images are copied there once, where they fit.
    """

    def __init__(
        self,
        images: Rows,
        spec: InputSpec,
        device: str,
        augmentation: str = "none",
        wanted: Index | None = None,
    ) -> None:
        self._images = images
        self._normalise = Normalise(spec, device)
        self._augmentation = augmentation
        self._policy = policy(augmentation)
        self._resident: torch.Tensor | None = None
        if wanted is not None and fits_device(len(wanted) * images[:1].nbytes, device):
            self._hold(np.unique(wanted), device)

    def _hold(self, wanted: Index, device: str) -> None:
        import torch

        self._resident = torch.from_numpy(self._images[wanted]).to(device)
        self._row = np.full(len(self._images), len(wanted))  # beyond the end: an image that nobody announced raises
        self._row[wanted] = np.arange(len(wanted))

    def read(self, index: Index, generator: "torch.Generator | None") -> "torch.Tensor":
        """Return pixels (B, S, S, 3), uint8."""
        import torch

        if self._resident is not None:
            pixels = _rows_at(self._resident, self._row[index])
        else:
            pixels = torch.from_numpy(self._images[index])
        # torchvision's policies take images of 8 bits, channels first; crops come later, on what is normalised
        if generator is not None and self._policy is not None:
            pixels = self._policy(pixels.permute(0, 3, 1, 2), generator).permute(0, 2, 3, 1)
        return pixels

    def place(self, batch: "torch.Tensor", generator: "torch.Generator | None") -> "torch.Tensor":
        """Return images (B, 3, S, S), float32, channels last in memory."""
        images = self._normalise(batch)
        if generator is not None and self._augmentation in ("crop", "basic"):
            flipped = 0.5 if self._augmentation == "basic" else 0.0
            images = random_resized_crop_flip(images, generator, flipped=flipped)
        return _channels_last(images)


class OutputRows:
    """Rows of what a frozen part has given, (N, ...)."""

    def __init__(self, outputs: "torch.Tensor", device: str, wanted: Index | None = None) -> None:
        self._device = device
        size = outputs[:1].numel() * outputs.element_size() * len(outputs)
        self._outputs = outputs.to(device) if wanted is not None and fits_device(size, device) else outputs

    def read(self, index: Index, generator: "torch.Generator | None") -> "torch.Tensor":
        """Return the rows; augmentation, if any, came before the frozen part."""
        return _rows_at(self._outputs, index)

    def place(self, batch: "torch.Tensor", generator: "torch.Generator | None") -> "torch.Tensor":
        """Return the rows on the device, maps (B, C, H, W) channels last in memory."""
        batch = batch.to(self._device, non_blocking=True)
        return _channels_last(batch) if batch.ndim == 4 else batch


def _rows_at(rows: "torch.Tensor", index: Index) -> "torch.Tensor":
    """Return rows by their positions, read where they lie."""
    import torch

    return rows[torch.from_numpy(index).to(rows.device)]


def _channels_last(images: "torch.Tensor") -> "torch.Tensor":
    import torch

    # features of ResNet-18 in bfloat16, on a processor with AMX: 2.27 times the rate of float32 so, and 1.59 times with
    # channels first
    return images.contiguous(memory_format=torch.channels_last)


def fits_device(size: int, device: str) -> bool:
    """Say whether so many bytes may lie on a GPU for a whole training. Never for a CPU: they are in its memory."""
    if not device.startswith("cuda"):
        return False
    import torch

    free, _ = torch.cuda.mem_get_info(device)
    return size < RESIDENT_SHARE * free
