"""Denoising autoencoder: draw the image from the features of a corrupted one."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Interval

from bench.pretraining.contract import Batch, Objective, PretrainingTask
from bench.pretraining.settings import SelfSupervised

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Denoising(SelfSupervised):
    """Corrupt the image, decode it from the backbone's features, and pay the squared error to the clean one.

    Denoising autoencoder (Vincent et al., 2008): a share of the pixels, drawn anew each time, is set to the mean
    colour. Gaussian noise comes on top, as in their longer paper (2010).
    """

    masked: Annotated[float, Interval(ge=0, lt=1)] = 0.25
    """Share of the pixels that are lost; the papers try 10 to 50 %."""
    noise: Annotated[float, Ge(0)] = 0.5
    """Standard deviation of the noise, in units of the normalised image."""
    recipe: int = 1
    """Raised whenever the training changes, since it is part of the weights' key."""

    def objective(self, task: PretrainingTask) -> Objective:
        """Draw the clean image."""
        import torch

        from bench.pretraining.heads import Decoder

        network, decoder = task.backbone.network, Decoder(task.backbone.width, task.images.shape[1])

        def loss(batch: Batch) -> torch.Tensor:
            corrupted = corrupt(batch.images, self.masked, self.noise, batch.generator)
            return torch.nn.functional.mse_loss(decoder(network(corrupted)), batch.images)

        return Objective({"decoder": decoder}, loss)


def corrupt(images: "torch.Tensor", masked: float, noise: float, generator: "torch.Generator") -> "torch.Tensor":
    """Return images (B, 3, S, S) with noise on all pixels and a share of them set to zero, all channels at once."""
    import torch

    count, _, height, width = images.shape
    drawn = torch.randn(images.shape, generator=generator).to(images.device)
    lost = torch.rand(count, 1, height, width, generator=generator).to(images.device) < masked
    return (images + noise * drawn).masked_fill(lost, 0.0)
