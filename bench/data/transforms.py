"""From an image to the pixels that a backbone wants, once; and what is done to each batch."""

import math
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image

from bench.contracts.networks import InputSpec
from bench.data.levels import Whites, is_deep, look, to_8_bits, whites_of

# a run's own process needs Geometry, and never torch: inside functions alone
if TYPE_CHECKING:
    import torch

RESAMPLING = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
# as the standard for EXIF counts them; 1 is upright
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
UNREADABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    SystemError,
    TypeError,
    ValueError,
    Image.DecompressionBombError,
    struct.error,
    zlib.error,
)
"""What reading an image raises that is cut off, broken inside, no image, or too large to be meant."""


@dataclass(frozen=True)
class Geometry:
    """The part of the preprocessing that is done once per image and kept as uint8."""

    size: int
    """Side of the result, in pixels."""
    resize_to: int | None
    """Side that the shorter edge is resized to before a centre crop; null: straight to `size`, no crop."""
    interpolation: str
    """A key of `RESAMPLING`."""

    @classmethod
    def of(cls, spec: InputSpec, size: int) -> "Geometry":
        """Follow the weights at their own size; at another one resize straight to it."""
        # measured at 96 pixels: three points of accuracy more than with a crop
        interpolation = spec.interpolation if spec.interpolation in RESAMPLING else "bicubic"
        resize_to = math.floor(size / spec.crop_pct) if size == spec.native_size else None
        return cls(size, resize_to, interpolation)

    def __str__(self) -> str:
        if self.resize_to is None:
            return f"resize {self.size}x{self.size} ({self.interpolation}, antialiased)"
        return f"resize {self.resize_to} ({self.interpolation}, antialiased), centre crop {self.size}"

    def apply(self, image: Image.Image, whites: Whites | None = None) -> npt.NDArray[np.uint8]:
        """Return the pixels (S, S, 3) of an image in any mode; `whites` are those of its data set, or its own."""
        image = to_rgb(image, whites)
        resampling = RESAMPLING[self.interpolation]
        if self.resize_to is None:
            if image.size != (self.size, self.size):
                image = image.resize((self.size, self.size), resampling)
            return np.asarray(image)
        scale = self.resize_to / min(image.size)
        width, height = (max(self.size, round(side * scale)) for side in image.size)
        image = image.resize((width, height), resampling)
        left, top = (width - self.size) // 2, (height - self.size) // 2
        return np.asarray(image.crop((left, top, left + self.size, top + self.size)))


def upright(image: Image.Image) -> Image.Image:
    """Return a loaded copy of an image, turned as its orientation tag says; none of its other tags is looked at."""
    image.load()
    turn = _turn(image)
    return image.copy() if turn is None else image.transpose(turn)


def _turn(image: Image.Image) -> Image.Transpose | None:
    try:
        tag = image.getexif().get(ExifTags.Base.Orientation)
    except UNREADABLE:  # tags that can't be read say nothing of the orientation
        return None
    return TURNS.get(tag) if isinstance(tag, int) else None


def to_rgb(image: Image.Image, whites: Whites | None = None) -> Image.Image:
    """Return an image in RGB: grey becomes three equal channels, what is transparent lies on white.

    Grey of more than 8 bits is scaled by the `whites` of its data set; without them by its own.
    """
    if is_deep(image):
        image = to_8_bits(image, whites_of([look(image)]) if whites is None else whites)
    elif image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (255, 255, 255, 255)), image)
    return image if image.mode == "RGB" else image.convert("RGB")


class Normalise:
    """Maps uint8 images (B, S, S, 3), an array or a tensor, to normalised floats (B, 3, S, S) on a device.

    They are channels last in memory.
    """

    def __init__(self, spec: InputSpec, device: str) -> None:
        import torch

        self.device = device
        # (pixel / 255 - mean) / std, as one multiplication and one addition for each value
        mean, std = torch.tensor(spec.mean), torch.tensor(spec.std)
        self.scale = (1 / (255 * std)).view(1, 3, 1, 1).to(device)
        self.shift = (-mean / std).view(1, 3, 1, 1).to(device)

    def __call__(self, pixels: "npt.NDArray[np.uint8] | torch.Tensor") -> "torch.Tensor":
        import torch

        batch = pixels if isinstance(pixels, torch.Tensor) else torch.from_numpy(np.ascontiguousarray(pixels))
        if self.device.startswith("cuda") and batch.device.type == "cpu":
            batch = batch.pin_memory()  # a copy from other memory is waited for, whatever `non_blocking` says
        batch = batch.to(self.device, non_blocking=True).permute(0, 3, 1, 2)
        return torch.addcmul(self.shift, batch.float(), self.scale)


def random_resized_crop_flip(
    batch: "torch.Tensor", generator: "torch.Generator", least_area: float = 0.35, flipped: float = 0.5
) -> "torch.Tensor":
    """Crop each image to `least_area` to all of its area, sides 3:4 to 4:3, resize back, flip a share of them.

    Inception's crop (Szegedy et al., 2015) with the smaller range of areas that transfer recipes use, since a small
    image has little to give away. One affine sampling does it for the whole batch.
    """
    import torch

    size = batch.shape[0]
    # drawn where the generator lives, then moved: the same crops on every device
    uniform = torch.rand(5, size, generator=generator).to(batch.device)
    area = least_area + (1 - least_area) * uniform[0]
    aspect = torch.exp((2 * uniform[1] - 1) * math.log(4 / 3))
    width, height = (area * aspect).sqrt().clamp(max=1), (area / aspect).sqrt().clamp(max=1)
    left, top = (2 * uniform[2] - 1) * (1 - width), (2 * uniform[3] - 1) * (1 - height)
    mirror = torch.where(uniform[4] < flipped, -1.0, 1.0)
    zero = torch.zeros_like(width)
    theta = torch.stack([torch.stack([width * mirror, zero, left], 1), torch.stack([zero, height, top], 1)], 1)
    grid = torch.nn.functional.affine_grid(theta, list(batch.shape), align_corners=False)
    return torch.nn.functional.grid_sample(batch, grid, padding_mode="reflection", align_corners=False)


def cut_out(batch: "torch.Tensor", generator: "torch.Generator") -> "torch.Tensor":
    """Set a square of half the side to zero in each normalised image (B, 3, S, S), its centre anywhere in the image.

    Cutout (DeVries and Taylor, 2017); zero is the mean colour.
    """
    import torch

    size, side = batch.shape[0], batch.shape[2]
    centres = torch.randint(side, (2, size, 1), generator=generator).to(batch.device)
    offset = torch.arange(side, device=batch.device) - centres + side // 4
    inside = (offset >= 0) & (offset < side // 2)
    hole = inside[0].unsqueeze(2) & inside[1].unsqueeze(1)
    return batch.masked_fill(hole.unsqueeze(1), 0.0)


def policy(name: str) -> "Callable[[torch.Tensor, torch.Generator], torch.Tensor] | None":
    """Return what an augmentation's name does to a batch of uint8 images (B, 3, S, S); null for none on pixels.

    RandAugment (Cubuk et al., 2020) and TrivialAugment (Müller and Hutter, 2021) are torchvision's, one draw per image.
    """
    kinds = {"randaugment": "RandAugment", "trivialaugment": "TrivialAugmentWide"}
    if name not in kinds:
        return None
    import torch
    from torchvision.transforms import v2  # takes seconds

    transform = getattr(v2, kinds[name])()

    def apply(batch: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        # torchvision draws from the global generator: give it a seed of ours and put it back
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(torch.randint(2**62, (), generator=generator)))
            return torch.stack([transform(image) for image in batch])

    return apply


def mixup(
    batch: "torch.Tensor", targets: "torch.Tensor", alpha: float, generator: "torch.Generator"
) -> "tuple[torch.Tensor, torch.Tensor]":
    """Mix images and one-hot targets (B, C) with a shuffled copy; the share is Beta(alpha, alpha).

    mixup (Zhang et al., 2018), one share per batch as in the authors' code.
    """
    import torch

    seed = int(torch.randint(2**31, (), generator=generator))
    share = float(np.random.default_rng(seed).beta(alpha, alpha))
    partner = torch.randperm(len(batch), generator=generator).to(batch.device)
    return share * batch + (1 - share) * batch[partner], share * targets + (1 - share) * targets[partner]
