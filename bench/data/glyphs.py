"""Printed characters rendered from the TrueType fonts that matplotlib carries: the embedded source."""

import importlib.util
import string
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from bench.contracts.data import Places, RawData, Split
from bench.machine.fingerprints import files_sha256
from bench.schema import content_hash
from bench.seeding import derive

CHARACTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
FAMILIES = ("DejaVu", "STIXGeneral", "cmb10", "cmr10", "cmss10", "cmti10", "cmtt10")
"""Fonts that hold all 62 characters in their usual places; the others are mathematical symbols."""
RENDERING = 2
"""Part of the data's fingerprint. Raise it whenever the rendering below changes."""
CANVAS = 64
"""Side of an image, in pixels."""
HELD_OUT = ("STIXGeneral", "cmb10", "cmr10", "cmss10", "cmti10", "cmtt10")
"""Families of the split `held_out`: STIX and Computer Modern; `training` has those of DejaVu."""


def font_files(split: str = "all") -> list[Path]:
    """Return the fonts of a split, sorted by name, without importing matplotlib."""
    spec = importlib.util.find_spec("matplotlib")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
    # the two Display fonts of DejaVu hold no letters
    fonts = sorted(
        path for path in folder.glob("*.ttf") if path.name.startswith(FAMILIES) and "Display" not in path.name
    )
    if split == "all":
        return fonts
    return [font for font in fonts if font.name.startswith(HELD_OUT) == (split == "held_out")]


@dataclass(frozen=True)
class RenderedGlyphs:
    """N characters, each rendered from a generator of its own when it is indexed."""

    split: str
    size: int
    fonts: tuple[Path, ...]
    characters: str = CHARACTERS
    distortion: float = 1.0
    variant: tuple[object, ...] = ()
    """What else the generators are seeded with."""

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> Image.Image:
        if not 0 <= index < self.size:
            raise IndexError(index)
        # one for each image: the same image in whatever order, and by however many threads, they are rendered
        generator = np.random.default_rng(derive("glyphs", self.split, index, *self.variant))
        return render(self.characters[index % len(self.characters)], self.fonts, generator, self.distortion)


def render(
    character: str, fonts: Sequence[Path], generator: np.random.Generator, distortion: float = 1.0
) -> Image.Image:
    """Draw a character in a random font, size, shift, rotation, shear and blur; light on dark, 64 x 64, grey.

    `distortion` multiplies the ranges of the last four.
    """
    font = ImageFont.truetype(fonts[int(generator.integers(len(fonts)))], int(generator.integers(46, 74)))
    image = Image.new("L", (CANVAS, CANVAS))
    middle = CANVAS / 2
    centre = tuple(middle + generator.uniform(-4 * distortion, 4 * distortion, size=2))
    ImageDraw.Draw(image).text(centre, character, fill=255, font=font, anchor="mm")
    shear = generator.uniform(-0.25 * distortion, 0.25 * distortion)
    image = image.rotate(generator.uniform(-15 * distortion, 15 * distortion), Image.Resampling.BILINEAR)
    image = image.transform(
        image.size, Image.Transform.AFFINE, (1, shear, -shear * middle, 0, 1, 0), Image.Resampling.BILINEAR
    )
    return image.filter(ImageFilter.GaussianBlur(generator.uniform(1.0, 1.0 + 3.5 * distortion)))


@dataclass(frozen=True)
class Glyphs:
    """62 classes of printed characters, or the ten digits; all classes have equally many images.

    `fonts` takes those of some families only: a network that learnt on `training` meets other shapes in `held_out`.
    `distortion` multiplies how far characters are shifted, turned, sheared and blurred.
    """

    train_images: Annotated[int, Ge(62)] = 20_000
    test_images: Annotated[int, Ge(62)] = 2_000
    fonts: Literal["all", "training", "held_out"] = "all"
    characters: Literal["all", "digits"] = "all"
    distortion: Annotated[float, Ge(0), Le(3)] = 1.0

    def fingerprint(self, places: Places) -> str | None:
        """Return a hash of the fonts and the rendering."""
        fonts = font_files()
        files = files_sha256(fonts[0].parent, fonts, places.cache_dir)
        return content_hash([RENDERING, files, self.train_images, self.test_images, *self._variant()])

    def load(self, places: Places) -> RawData:
        """Make the two splits; nothing is drawn before it is asked for."""
        characters = string.digits if self.characters == "digits" else CHARACTERS
        train, test = (
            self._split(name, count, characters)
            for name, count in (("train", self.train_images), ("test", self.test_images))
        )
        return RawData(tuple(characters), train, test)

    def _split(self, name: str, count: int, characters: str) -> Split:
        labels = np.arange(count, dtype=np.int64) % len(characters)
        fonts = tuple(font_files(self.fonts))
        images = RenderedGlyphs(name, count, fonts, characters, self.distortion, self._variant())
        return Split(images, labels, [f"{name}/{i}" for i in range(count)])

    def _variant(self) -> tuple[object, ...]:
        """Return what sets these images apart from those of the defaults."""
        # of the defaults nothing: a parameter that is added here moves no image of theirs, nor weights trained on them
        mine = (self.fonts, self.characters, self.distortion)
        return () if mine == ("all", "all", 1.0) else mine
