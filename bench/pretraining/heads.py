"""What stands behind the backbone while it is pre-trained, and is thrown away afterwards."""

import math

import torch
from torch import nn

PATCH = 4
"""Side of what one place of a decoder's grid draws, in pixels, at least."""
MOST_PLACES = 14
"""Of a decoder's grid along a side; larger images have larger patches."""
CHANNELS = 64


class Decoder(nn.Module):
    """Features (B, D) to images (B, 3, S, S): a linear map to a coarse grid, whose places draw a patch of pixels each.

    The last layer is SimMIM's head (Xie et al., 2022): a convolution of one pixel, its channels laid out as a patch.
    """

    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        patch = max(PATCH, math.ceil(size / MOST_PLACES))
        self.size = size
        self.side = math.ceil(size / patch)
        self.grid = nn.Linear(width, CHANNELS * self.side**2)
        self.draw = nn.Sequential(
            nn.BatchNorm2d(CHANNELS),
            nn.ReLU(),
            nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(CHANNELS, 3 * patch**2, 1),
            nn.PixelShuffle(patch),
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return images; what the patches have too much is cut off."""
        images: torch.Tensor = self.draw(self.grid(features).view(len(features), CHANNELS, self.side, self.side))
        return images[:, :, : self.size, : self.size]


class Token(nn.Module):
    """A colour that is learnt: what masked pixels show."""

    def __init__(self) -> None:
        super().__init__()
        self.colour = nn.Parameter(torch.zeros(3, 1, 1))

    def forward(self, images: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return images (B, 3, S, S) with the colour where the mask (B, 1, S, S) is true."""
        return torch.where(mask, self.colour, images)


def two_layers(width: int, hidden: int, out: int) -> nn.Sequential:
    """Return a small network: linear, batch normalisation, ReLU, linear."""
    return nn.Sequential(nn.Linear(width, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, out))
