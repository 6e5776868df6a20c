"""Random distortions of whole batches, each image by its own draw."""

import math

import torch
from torch.nn import functional

from bench.contracts.networks import InputSpec

GREY = (0.299, 0.587, 0.114)
"""What red, green and blue weigh in the brightness of a pixel (BT.601)."""
TO_YIQ = ((0.299, 0.587, 0.114), (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112))
"""Brightness and two axes of colour, in whose plane a turn changes the hue."""
JITTERED, GREYED, BLURRED = 0.8, 0.2, 0.5
"""Shares of the images, as in SimCLR."""


def distort_colours(images: torch.Tensor, spec: InputSpec, strength: float, generator: torch.Generator) -> torch.Tensor:
    """Change brightness, contrast, saturation and hue of normalised images (B, 3, S, S), and make some grey.

    SimCLR's colour distortion (Chen et al., 2020) with the four changes in a fixed order, one linear map per image;
    what leaves the range of pixels is cut off.
    """
    count = len(images)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1).to(images) for values in (spec.mean, spec.std))
    uniform = 2 * torch.rand(4, count, generator=generator) - 1
    chosen = torch.rand(2, count, generator=generator)
    jittered = (chosen[0] < JITTERED).float()
    brightness, contrast, saturation = 1 + 0.8 * strength * uniform[:3] * jittered
    saturation = torch.where(chosen[1] < GREYED, 0.0, saturation)
    colours = brightness.view(-1, 1, 1) * _colour_maps(saturation, 0.2 * strength * uniform[3] * jittered)
    pixels = torch.einsum("bdc,bchw->bdhw", colours.to(images), images * std + mean)
    middle = torch.einsum("bchw,c->b", pixels, pixels.new_tensor(GREY)) / pixels[0, 0].numel()
    scale = contrast.to(images).view(-1, 1, 1, 1)
    pixels = scale * pixels + (1 - scale) * middle.view(-1, 1, 1, 1)
    distorted: torch.Tensor = (pixels.clamp(0, 1) - mean) / std
    return distorted


def _colour_maps(saturation: torch.Tensor, turn: torch.Tensor) -> torch.Tensor:
    """Return maps of pixels (B, 3, 3): saturation (B,) scales the plane of colours, hue (B,) turns it."""
    # where grey is an axis, saturation and hue are a scaling and a turn of the plane across it
    to_yiq = torch.tensor(TO_YIQ)
    angle = 2 * math.pi * turn
    cosine, sine = saturation * torch.cos(angle), saturation * torch.sin(angle)
    plane = torch.stack([torch.stack([cosine, -sine], 1), torch.stack([sine, cosine], 1)], 1)
    turned = torch.zeros(len(turn), 3, 3)
    turned[:, 0, 0] = 1
    turned[:, 1:, 1:] = plane
    maps: torch.Tensor = torch.linalg.inv(to_yiq) @ turned @ to_yiq
    return maps


def blur(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Blur half of the images (B, 3, S, S): Gaussian, 0.1 to 2 wide, cut to a tenth of the side (SimCLR)."""
    count, channels, height, width = images.shape
    chosen = torch.rand(count, generator=generator) < BLURRED
    # the others have a kernel too, a spike: one convolution for all keeps them as they are
    spread = torch.where(chosen, 0.1 + 1.9 * torch.rand(count, generator=generator), 1e-2)
    reach = max(1, round(min(height, width) / 20))
    steps = torch.arange(-reach, reach + 1)
    kernel = torch.softmax(-(steps**2) / (2 * spread.view(-1, 1) ** 2), 1).to(images)
    kernel = kernel.repeat_interleave(channels, 0)
    flat = functional.pad(images.reshape(1, count * channels, height, width), [reach] * 4, mode="reflect")
    flat = functional.conv2d(flat, kernel[:, None, :, None], groups=count * channels)
    flat = functional.conv2d(flat, kernel[:, None, None, :], groups=count * channels)
    return flat.view(count, channels, height, width)
