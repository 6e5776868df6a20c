"""Context prediction: where one patch of an image lies from another."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Interval

from bench.errors import InvalidData
from bench.pretraining.contract import Batch, Objective, PretrainingTask
from bench.pretraining.settings import SelfSupervised

if TYPE_CHECKING:
    import torch

PLACES = ((-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1))
"""Steps to the right and down from the middle patch, by label."""


@dataclass(frozen=True)
class Context(SelfSupervised):
    """Say which of the eight places around a patch another one comes from, from the features of both.

    Relative patch position (Doersch et al., 2015): a grid of three by three patches with gaps of half a patch between
    them, each moved a little, so that no edge goes through both. Patches are resized to the backbone's input. The
    paper's guard against the lens's colour fringes is left out: images here are scaled down.
    """

    patch: Annotated[float, Interval(gt=0, lt=1 / 3)] = 0.24
    """Side of a patch over that of the image; 0.24 is the most that the paper's gaps and jitter leave room for."""
    gap: Annotated[float, Ge(0)] = 0.5
    """Between two patches, in patches; the paper's 48 of 96 pixels."""
    jitter: Annotated[float, Ge(0)] = 0.07
    """Most that a patch is moved, in patches; the paper's 7 of 96 pixels."""
    recipe: int = 1
    """Raised whenever the training changes, since it is part of the weights' key."""

    def objective(self, task: PretrainingTask) -> Objective:
        """Tell the eight places apart."""
        import torch

        from bench.pretraining.heads import two_layers

        if self.slack < 0:
            raise InvalidData("context: the grid of patches is larger than the image; write a smaller patch or gap")
        network, width = task.backbone.network, task.backbone.width
        head = two_layers(2 * width, width, len(PLACES))

        def loss(batch: Batch) -> torch.Tensor:
            labels = torch.randint(len(PLACES), (len(batch.images),), generator=batch.generator)
            middle, other = self.pairs(batch.images, labels, batch.generator)
            first, second = network(torch.cat([middle, other])).chunk(2)
            logits = head(torch.cat([first, second], 1))
            return torch.nn.functional.cross_entropy(logits, labels.to(logits.device))

        return Objective({"head": head}, loss)

    @property
    def slack(self) -> float:
        """How far the grid can be moved in the image, as a share of its side."""
        return 1 - self.patch * (3 + 2 * self.gap + 2 * self.jitter)

    def pairs(
        self, images: "torch.Tensor", labels: "torch.Tensor", generator: "torch.Generator"
    ) -> "tuple[torch.Tensor, torch.Tensor]":
        """Return middle patches and those at the labels' places (B,), each resized to the image, (B, 3, S, S)."""
        import torch

        count = len(images)
        start = self.slack * torch.rand(count, 2, generator=generator)
        moves = self.jitter * self.patch * (2 * torch.rand(2, count, 2, generator=generator) - 1)
        middle = start + self.patch * (1 + self.gap + self.jitter)
        other = middle + self.patch * (1 + self.gap) * torch.tensor(PLACES)[labels]
        return cut(images, middle + moves[0], self.patch), cut(images, other + moves[1], self.patch)


def cut(images: "torch.Tensor", corner: "torch.Tensor", side: float) -> "torch.Tensor":
    """Return a square of each image (B, 3, S, S), resized to the whole.

    Its upper left corner (B, 2), right and down, and its side are shares of the image's side.
    """
    import torch

    centre = 2 * (corner + side / 2) - 1
    scale = torch.full((len(images),), side)
    zero = torch.zeros_like(scale)
    rows = [torch.stack([scale, zero, centre[:, 0]], 1), torch.stack([zero, scale, centre[:, 1]], 1)]
    theta = torch.stack(rows, 1).to(images)
    grid = torch.nn.functional.affine_grid(theta, list(images.shape), align_corners=False)
    # a grid that ends at the image's very edge still reads half a pixel beyond it
    squares = torch.nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
    return squares.contiguous(memory_format=torch.channels_last)
