"""The embedded source: characters that are drawn."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ImageFont

from bench.contracts.data import Places
from bench.data.glyphs import CANVAS, CHARACTERS, RENDERING, Glyphs, RenderedGlyphs, font_files, render
from bench.machine.fingerprints import files_sha256
from bench.schema import content_hash
from bench.seeding import derive

SMALL = Glyphs(train_images=124, test_images=62)


def test_all_62_characters_are_met_equally_often(places: Places) -> None:
    raw = SMALL.load(places)
    assert raw.test is not None
    assert raw.class_names == tuple(CHARACTERS)
    assert len(set(CHARACTERS)) == 62
    assert np.bincount(raw.train.labels, minlength=62).tolist() == [2] * 62
    assert np.bincount(raw.test.labels, minlength=62).tolist() == [1] * 62


def test_an_image_is_the_same_whenever_it_is_drawn(places: Places) -> None:
    one, other = SMALL.load(places), SMALL.load(places)
    for index in (0, 61, 123):
        assert one.train.images[index].tobytes() == other.train.images[index].tobytes()


def test_an_image_does_not_depend_on_how_many_there_are() -> None:
    fonts = tuple(font_files())
    few, many = RenderedGlyphs("train", 62, fonts), RenderedGlyphs("train", 620, fonts)
    assert few[17].tobytes() == many[17].tobytes()


def test_no_two_images_of_a_character_are_the_same(places: Places) -> None:
    raw = SMALL.load(places)
    assert raw.test is not None
    drawn = {raw.train.images[5].tobytes(), raw.train.images[5 + 62].tobytes(), raw.test.images[5].tobytes()}
    assert len(drawn) == 3


def test_drawing_leaves_the_global_generator_alone(places: Places) -> None:
    np.random.seed(3)
    before = np.random.get_state()[1].tolist()
    SMALL.load(places).train.images[0]
    assert np.random.get_state()[1].tolist() == before


@pytest.mark.parametrize("character", CHARACTERS)
def test_every_character_is_visible_light_on_dark(character: str) -> None:
    image = render(character, font_files(), np.random.default_rng(0))
    pixels = np.asarray(image)
    assert (image.mode, image.size) == ("L", (CANVAS, CANVAS))
    assert pixels.max() > 60
    assert np.median(pixels) < 40


@pytest.mark.parametrize("font", font_files(), ids=lambda path: path.stem)
def test_every_font_holds_every_character(font: Path) -> None:
    drawn = ImageFont.truetype(font, 40)
    shapes = {bytes(drawn.getmask(character)) for character in CHARACTERS}
    assert bytes(drawn.getmask("\uffff")) not in shapes
    assert len(shapes) == 62


def test_there_are_fonts_of_several_families() -> None:
    assert len(font_files()) >= 10


def test_the_splits_of_the_fonts_share_no_family_and_leave_none_out() -> None:
    training, held_out = font_files("training"), font_files("held_out")
    assert sorted(training + held_out) == font_files()
    families = [{font.name[:6] for font in fonts} for fonts in (training, held_out)]
    assert not families[0] & families[1]
    assert min(len(training), len(held_out)) >= 5


def test_defaults_draw_what_they_always_drew(places: Places) -> None:
    plain = SMALL.load(places).train.images
    for index in (0, 61, 123):
        drawn = render(CHARACTERS[index % 62], font_files(), np.random.default_rng(derive("glyphs", "train", index)))
        assert plain[index].tobytes() == drawn.tobytes()
    files = files_sha256(font_files()[0].parent, font_files(), places.cache_dir)
    assert SMALL.fingerprint(places) == content_hash([RENDERING, files, 124, 62])


def test_digits_alone_are_ten_classes_met_equally_often(places: Places) -> None:
    raw = Glyphs(train_images=100, test_images=62, characters="digits").load(places)
    assert raw.class_names == tuple("0123456789")
    assert np.bincount(raw.train.labels).tolist() == [10] * 10


def test_each_parameter_draws_other_images(places: Places) -> None:
    kinds: list[dict[str, Any]] = [
        {},
        {"fonts": "training"},
        {"fonts": "held_out"},
        {"characters": "digits"},
        {"distortion": 2.0},
    ]
    made = [Glyphs(124, 62, **kind) for kind in kinds]
    assert len({glyphs.load(places).train.images[4].tobytes() for glyphs in made}) == len(made)
    assert len({glyphs.fingerprint(places) for glyphs in made}) == len(made)


def test_distortion_takes_characters_farther_from_their_place() -> None:
    fonts = font_files("training")[:1]

    def spread(distortion: float) -> float:
        drawn = [
            np.asarray(render("3", fonts, np.random.default_rng(seed), distortion), np.float64) for seed in range(20)
        ]
        middles = [np.average(np.arange(CANVAS), weights=image.sum(0)) for image in drawn]
        return float(np.std(middles))

    assert spread(0.0) < spread(1.0) < spread(2.0)


def test_an_image_past_the_end_is_refused() -> None:
    glyphs = RenderedGlyphs("train", 62, tuple(font_files()))
    for index in (62, -1):
        with pytest.raises(IndexError):
            glyphs[index]


def test_the_fingerprint_hangs_on_the_counts(places: Places) -> None:
    found = {glyphs.fingerprint(places) for glyphs in (SMALL, Glyphs(124, 124), Glyphs(62, 62), Glyphs(124, 62))}
    assert len(found) == 3


def test_the_fingerprint_is_there_without_matplotlib(tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from bench.contracts.data import Places
from bench.data.glyphs import Glyphs
found = Glyphs().fingerprint(Places(None, None, Path({str(tmp_path)!r})))
print(len(found), "matplotlib" in sys.modules, "torch" in sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["64", "False", "False"]
