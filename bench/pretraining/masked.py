"""Masked image modelling: draw the patches that were hidden."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Interval

from bench.pretraining.contract import Batch, Objective, PretrainingTask
from bench.pretraining.settings import SelfSupervised

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Masked(SelfSupervised):
    """Hide square patches of the image and predict their pixels from the features of the rest.

    SimMIM (Xie et al., 2022): patches at random, a mask token that is learnt, a light head, and the absolute error on
    hidden pixels alone. The token is a colour that is put in before the backbone, and the head draws from the pooled
    features, so that networks of any kind can learn this way. SimMIM hides 60 % in patches of a seventh of the side;
    small images of one thing each have less to spare.
    """

    ratio: Annotated[float, Interval(gt=0, lt=1)] = 0.4
    """Share of the patches that are hidden."""
    patches: Annotated[int, Ge(2)] = 4
    """Along a side of the image."""
    recipe: int = 1
    """Raised whenever the training changes, since it is part of the weights' key."""

    def objective(self, task: PretrainingTask) -> Objective:
        """Draw what is hidden."""
        from bench.pretraining.heads import Decoder, Token

        network, size = task.backbone.network, task.images.shape[1]
        decoder, token = Decoder(task.backbone.width, size), Token()

        def loss(batch: Batch) -> "torch.Tensor":
            mask = draw_mask(len(batch.images), size, self.patches, self.ratio, batch.generator)
            mask = mask.to(batch.images.device)
            return masked_error(decoder(network(token(batch.images, mask))), batch.images, mask)

        return Objective({"decoder": decoder, "token": token}, loss)


def draw_mask(count: int, size: int, patches: int, ratio: float, generator: "torch.Generator") -> "torch.Tensor":
    """Return masks (B, 1, S, S), true where hidden: the same number of patches in each image, one at least."""
    import torch

    side = math.ceil(size / patches)
    across = math.ceil(size / side)
    hidden = max(1, round(ratio * across**2))
    # the places of the smallest draws: as many in each image, which a draw for each patch would not give
    order = torch.rand(count, across**2, generator=generator).argsort(1)
    mask = (order < hidden).view(count, 1, across, across)
    return mask.repeat_interleave(side, 2).repeat_interleave(side, 3)[:, :, :size, :size]


def masked_error(drawn: "torch.Tensor", images: "torch.Tensor", mask: "torch.Tensor") -> "torch.Tensor":
    """Return the mean absolute error of images (B, 3, S, S) where the mask (B, 1, S, S) is true."""
    return ((drawn - images).abs() * mask).sum() / (mask.sum() * images.shape[1])
