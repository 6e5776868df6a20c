"""What tests of pre-training share."""

import pytest

from bench.contracts.data import Places
from bench.data.decode import Pixels, decode
from bench.data.glyphs import Glyphs
from bench.data.transforms import Geometry
from tests.material import tiny
from tests.material.pretrainings import SIZE


@pytest.fixture(scope="package")
def glyphs(places: Places) -> Pixels:
    """Printed characters as test_resnet wants them."""
    raw = Glyphs(620, 62).load(places)
    return decode(raw, "glyphs of tests", Geometry(SIZE, None, "bilinear"), places.cache_dir, tiny.ignore).split(
        "train"
    )
