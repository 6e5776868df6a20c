"""Brightness of deep images, those of more than 8 bits: which value is white, once for a whole data set."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from bench.errors import InvalidData

DEPTHS = (255.0, 1023.0, 4095.0, 16383.0, 65535.0)
"""White of 8, 10, 12, 14 and 16 bits, the depths that cameras and scanners have."""
DIM = 1 / 8
"""Share of a depth's white that the highest value must reach; else it is white itself, for all would be black."""
FEW = 0.01
"""Share of images that may be of another depth than the rest, and no more than told of."""


@dataclass(frozen=True)
class Look:
    """What the values of a deep image are."""

    name: str
    floats: bool
    """Whether they are floats: those have a range of their own, 0 to 1, beside the depths."""
    lowest: float
    """Not a number where any value is none."""
    highest: float


@dataclass(frozen=True)
class Whites:
    """The values that become white in a data set's deep images."""

    integers: float = DEPTHS[-1]
    floats: float = 1.0


def is_deep(image: Image.Image) -> bool:
    """Say whether an image holds more than 8 bits, as grey of 16 bits, of 32 bits or of floats."""
    return image.mode.startswith(("I", "F"))


def look(image: Image.Image, name: str = "image") -> Look:
    """Return what the values of a deep image are."""
    pixels = np.asarray(image)
    # of a value that is no number comes a lowest that is none
    lowest, highest = float(pixels.min()), float(pixels.max())
    return Look(name, image.mode == "F", lowest if math.isfinite(highest) else math.nan, highest)


def whites_of(looks: Sequence[Look]) -> Whites:
    """Return what is white in a data set; raise `InvalidData` where its deep images have no range or several."""
    wrong = [each for each in looks if not each.lowest >= 0]
    if wrong:
        shown = "; ".join(f"{each.name} ({each.lowest:g} to {each.highest:g})" for each in wrong[:3])
        raise InvalidData(
            f"{_count(wrong)} with values below 0, or that are no numbers: {shown}; "
            "which of them is black can't be told: save them with values from 0 up, such as 0 to 65535"
        )
    parts = [[each for each in looks if each.floats is floats] for floats in (False, True)]
    for part in parts:
        _refuse_mixture(part)
    integers, floats = ((_white(part) if part else None) for part in parts)
    return Whites(Whites.integers if integers is None else integers, Whites.floats if floats is None else floats)


def _count(images: Sequence[Look]) -> str:
    return "1 image" if len(images) == 1 else f"{len(images)} images"


def _white(looks: Sequence[Look]) -> float:
    highest = max(each.highest for each in looks)
    if highest == 0:
        return 1.0  # all is black, whatever is white
    depths = (1.0, *DEPTHS) if looks[0].floats else DEPTHS
    white = next((depth for depth in depths if highest <= depth), highest)
    return white if highest >= DIM * white else highest


def _strangers(looks: Sequence[Look]) -> list[Look]:
    """Return the images that seem to be of a smaller depth than the others of their kind.

    They fill it, the others have more than four times as much, and none lies between.
    """
    depths = (1.0, *DEPTHS) if looks and looks[0].floats else DEPTHS
    for depth in depths:
        below = [each for each in looks if each.highest <= depth]
        between = any(depth < each.highest <= 4 * depth + 3 for each in looks)
        filling = [each for each in below if each.highest >= depth / 2]
        if filling and not between and len(below) < len(looks):
            return filling
    return []


def _refuse_mixture(looks: Sequence[Look]) -> None:
    strangers = _strangers(looks)
    if len(strangers) > FEW * len(looks):
        top = max(looks, key=lambda each: each.highest)
        raise InvalidData(
            f"{_count(strangers)} of {len(looks)} with values up to {max(each.highest for each in strangers):g} "
            f"({strangers[0].name}) beside some up to {top.highest:g} ({top.name}): these seem to be of "
            "several depths, and one scale would leave some black: save all with the same, or as 8 bits"
        )


def told(looks: Sequence[Look], whites: Whites) -> tuple[str, ...]:
    """Return what a user should know of the deep images of a data set, in a sentence for each kind."""
    found = []
    for floats, white in ((False, whites.integers), (True, whites.floats)):
        part = [each for each in looks if each.floats is floats]
        if part:
            found.append(_told(part, white))
    return tuple(found)


def _told(looks: Sequence[Look], white: float) -> str:
    lowest, highest = min(each.lowest for each in looks), max(each.highest for each in looks)
    kind = "floats" if looks[0].floats else "16 or 32 bits"
    said = f"{_count(looks)} of {kind} with values from {lowest:g} to {highest:g}: 0 to {white:g} became black to white"
    strangers = _strangers(looks)
    if not strangers:
        return said
    return f"{said}; {strangers[0].name} has {strangers[0].highest:g} at most: is it of another depth?"


def to_8_bits(image: Image.Image, whites: Whites) -> Image.Image:
    """Return a deep image as grey of 8 bits: PIL would clip at 255."""
    pixels: npt.NDArray[np.float64] = np.asarray(image, np.float64)
    white = whites.floats if image.mode == "F" else whites.integers
    return Image.fromarray((pixels / white * 255).clip(0, 255).astype(np.uint8))
