"""Printed characters rendered from the TrueType fonts that matplotlib carries: the embedded source."""

import importlib.util
import string
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from bench.cache import files_sha256
from bench.contracts import Places, RawData, Split
from bench.schema import content_hash
from bench.seeding import derive

CHARACTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
FAMILIES = ("DejaVu", "STIXGeneral", "cmb10", "cmr10", "cmss10", "cmti10", "cmtt10")
"""Fonts that hold all 62 characters in their usual places; the others are mathematical symbols."""
RENDERING = 2
"""Raised whenever the rendering below changes, since it is part of the data's fingerprint."""
CANVAS = 64


def font_files() -> list[Path]:
    """Return the fonts, sorted by name, without importing matplotlib."""
    spec = importlib.util.find_spec("matplotlib")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
    return sorted(
        path for path in folder.glob("*.ttf") if path.name.startswith(FAMILIES) and "Display" not in path.name
    )


@dataclass(frozen=True)
class RenderedGlyphs:
    """N characters, each rendered from a generator of its own when it is indexed."""

    split: str
    size: int
    fonts: tuple[Path, ...]

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> Image.Image:
        if not 0 <= index < self.size:
            raise IndexError(index)
        generator = np.random.default_rng(derive("glyphs", self.split, index))
        return render(CHARACTERS[index % len(CHARACTERS)], self.fonts, generator)


def render(character: str, fonts: Sequence[Path], generator: np.random.Generator) -> Image.Image:
    """Draw a character in a random font, size, shift, rotation, shear and blur; light on dark, 64 x 64, grey."""
    font = ImageFont.truetype(fonts[int(generator.integers(len(fonts)))], int(generator.integers(46, 74)))
    image = Image.new("L", (CANVAS, CANVAS))
    middle = CANVAS / 2
    centre = tuple(middle + generator.uniform(-4, 4, size=2))
    ImageDraw.Draw(image).text(centre, character, fill=255, font=font, anchor="mm")
    shear = generator.uniform(-0.25, 0.25)
    image = image.rotate(generator.uniform(-15, 15), Image.Resampling.BILINEAR)
    image = image.transform(
        image.size, Image.Transform.AFFINE, (1, shear, -shear * middle, 0, 1, 0), Image.Resampling.BILINEAR
    )
    return image.filter(ImageFilter.GaussianBlur(generator.uniform(1.0, 4.5)))


@dataclass(frozen=True)
class Glyphs:
    """62 classes of printed characters; every class is met equally often."""

    train_images: Annotated[int, Ge(62)] = 20_000
    test_images: Annotated[int, Ge(62)] = 2_000

    def fingerprint(self, places: Places) -> str | None:
        """Return a hash of the fonts and the rendering."""
        fonts = font_files()
        files = files_sha256(fonts[0].parent, fonts, places.cache_dir)
        return content_hash([RENDERING, files, self.train_images, self.test_images])

    def load(self, places: Places) -> RawData:
        """Make the two splits; nothing is drawn before it is asked for."""
        fonts = tuple(font_files())
        train, test = (
            self._split(name, count, fonts)
            for name, count in (("train", self.train_images), ("test", self.test_images))
        )
        return RawData(tuple(CHARACTERS), train, test)

    def _split(self, name: str, count: int, fonts: tuple[Path, ...]) -> Split:
        labels = np.arange(count, dtype=np.int64) % len(CHARACTERS)
        return Split(RenderedGlyphs(name, count, fonts), labels, [f"{name}/{i}" for i in range(count)])
