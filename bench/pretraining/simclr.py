"""Contrastive pre-training: two views of an image are alike, views of others are not."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Gt, Interval

from bench.data.transforms import random_resized_crop_flip
from bench.pretraining.contract import Batch, Objective, PretrainingTask
from bench.pretraining.settings import SelfSupervised

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class SimClr(SelfSupervised):
    """Tell the two views of each image from the views of all others in the batch.

    SimCLR (Chen et al., 2020): random crop, colour distortion and blur, a projection head of two layers that is thrown
    away, NT-Xent. Colours are half as strong and crops larger than on ImageNet, as images are small; the temperature is
    low, as suits small batches. Views are not mirrored by default: characters and digits mean something else then.
    """

    temperature: Annotated[float, Gt(0)] = 0.2
    least_area: Annotated[float, Interval(gt=0, le=1)] = 0.35
    """Of the image, that a crop keeps; the paper's is 0.08."""
    flipped: Annotated[float, Interval(ge=0, le=1)] = 0.0
    """Share of the views that are mirrored; 0.5 in the paper."""
    colour: Annotated[float, Ge(0)] = 0.5
    """Strength of the colour distortion."""
    projection: Annotated[int, Ge(1)] = 128
    """Width of what the loss compares."""
    recipe: int = 1
    """Raised whenever the training changes, since it is part of the weights' key."""

    def objective(self, task: PretrainingTask) -> Objective:
        """Tell views apart."""
        import torch

        from bench.pretraining.heads import two_layers
        from bench.pretraining.views import blur, distort_colours

        network, width, spec = task.backbone.network, task.backbone.width, task.backbone.input
        head = two_layers(width, width, self.projection)

        def view(batch: Batch) -> torch.Tensor:
            images = random_resized_crop_flip(batch.images, batch.generator, self.least_area, self.flipped)
            images = distort_colours(images, spec, self.colour, batch.generator)
            return blur(images, batch.generator)

        def loss(batch: Batch) -> torch.Tensor:
            # in one batch, so that normalisation sees both views alike
            both = torch.cat([view(batch), view(batch)]).contiguous(memory_format=torch.channels_last)
            first, second = head(network(both)).chunk(2)
            return nt_xent(first, second, self.temperature)

        return Objective({"head": head}, loss)


def nt_xent(first: "torch.Tensor", second: "torch.Tensor", temperature: float) -> "torch.Tensor":
    """Return the normalised, temperature-scaled cross-entropy of two views (B, P) of the same images.

    Each view's partner is told by its cosine from the other 2B - 2.
    """
    import torch

    count = len(first)
    views = torch.nn.functional.normalize(torch.cat([first, second]).float())
    likeness = views @ views.T / temperature
    # no view may be its own partner
    likeness = likeness.masked_fill(torch.eye(2 * count, dtype=torch.bool, device=views.device), float("-inf"))
    partners = torch.arange(2 * count, device=views.device).roll(count)
    return torch.nn.functional.cross_entropy(likeness, partners)
