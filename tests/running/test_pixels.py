"""What a data set that is made ready tells of itself."""

from pathlib import Path

import numpy as np
from PIL import Image

from bench.contracts.data import Places
from bench.data.transforms import Geometry
from bench.running.pixels import DataRequest, prepare_data
from bench.schema import Choice


def test_how_deep_images_were_scaled_is_told_whether_they_were_kept_or_not(tmp_path: Path) -> None:
    """Of both splits, beside what the folder itself tells."""
    for split, highest in (("train", 3000), ("test", 4000)):
        for name in ("dark", "bright"):
            folder = tmp_path / "data" / split / name
            folder.mkdir(parents=True)
            for i in range(3):
                pixels = np.random.default_rng(i).integers(0, highest if name == "bright" else 1500, (8, 8))
                Image.fromarray(pixels.astype(np.uint16)).save(folder / f"{i}.png")
    places = Places(tmp_path / "data", None, tmp_path / "cache")
    request = DataRequest(Choice("image_folder"), Geometry(8, None, "bilinear"), None, places)
    for _ in range(2):
        *_, note = prepare_data(request, lambda *_: None).notes
        assert note.startswith("12 images of 16 or 32 bits with values from ")
        assert note.endswith(": 0 to 4095 became black to white")
