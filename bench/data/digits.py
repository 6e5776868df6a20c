"""Handwritten digits that come with scikit-learn: the embedded target."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from bench.contracts.data import Places, RawData, Split
from bench.data.holding_out import with_test_split
from bench.machine.digests import file_sha256


@dataclass(frozen=True)
class ArrayImages:
    """Images that lie in an array, (N, H, W) or (N, H, W, 3)."""

    pixels: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index: int) -> Image.Image:
        return Image.fromarray(self.pixels[index])


@dataclass(frozen=True)
class Digits:
    """1,797 images of 8 x 8 pixels in 17 grey levels, the test part of the UCI set (Alpaydin and Kaynak, 1998).

    They come without a test split: a stratified fifth is held out.
    """

    def fingerprint(self, places: Places) -> str | None:
        """Return the hash of scikit-learn's file, without importing scikit-learn, which takes seconds."""
        spec = importlib.util.find_spec("sklearn")
        assert spec is not None
        assert spec.origin is not None
        return file_sha256(Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz")

    def load(self, places: Places) -> RawData:
        """Read the file and hold a test split out."""
        from sklearn.datasets import load_digits  # here, since suites are checked by importing this module

        bunch = load_digits()
        pixels = np.round(bunch.images * (255 / 16)).astype(np.uint8)
        labels = bunch.target.astype(np.int64)
        everything = Split(ArrayImages(pixels), labels, [str(i) for i in range(len(labels))])
        return with_test_split(tuple("0123456789"), everything, "digits")
