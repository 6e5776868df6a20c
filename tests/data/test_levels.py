"""Deep images: one scale for a data set, or none that can be told."""

import io
import math

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from PIL import Image

from bench.data.levels import DEPTHS, DIM, Look, Whites, is_deep, look, to_8_bits, told, whites_of
from bench.errors import InvalidData


def ints(*highest: float) -> list[Look]:
    return [Look(f"{i}.png", False, 0, each) for i, each in enumerate(highest)]


def floats(*highest: float) -> list[Look]:
    return [Look(f"{i}.tif", True, 0, each) for i, each in enumerate(highest)]


def deep(values: object, kind: str) -> Image.Image:
    """An image of two rows as its file gives it back."""
    stream = io.BytesIO()
    Image.fromarray(np.array(values, kind)).save(stream, "TIFF")
    return Image.open(stream)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LAB"])
def test_images_of_8_bits_are_not_deep(mode: str) -> None:
    assert not is_deep(Image.new(mode, (2, 2)))


@pytest.mark.parametrize("mode", ["I", "F", "I;16", "I;16B", "I;16L", "I;16N"])
def test_images_of_more_are_deep(mode: str) -> None:
    image = Image.new(mode, (2, 2))
    assert is_deep(image)
    assert look(image, "name") == Look("name", mode == "F", 0, 0)


@pytest.mark.parametrize(
    ("highest", "white"),
    [
        ([0], 1),
        ([1], 1),
        ([3, 16], 16),
        ([31], 31),
        ([32], 255),
        ([100, 255], 255),
        ([256, 900], 1023),
        ([3890, 3000], 4095),
        ([4095], 4095),
        ([16000], 16383),
        ([16384], 65535),
        ([65535, 20000, 9000], 65535),
        ([65536], 65536),
        ([2**31 - 1], 2**31 - 1),
    ],
)
def test_the_smallest_depth_that_holds_all_values_says_what_is_white(highest: list[float], white: float) -> None:
    assert whites_of(ints(*highest)).integers == white


@pytest.mark.parametrize(
    ("highest", "white"),
    [
        ([0.0], 1),
        ([0.95, 0.4], 1),
        ([1.0], 1),
        ([0.125], 1),
        ([0.05], 0.05),
        ([1e-30], 1e-30),
        ([1.02], 1.02),
        ([20.0], 20),
        ([254.7], 255),
        ([3890.5], 4095),
        ([1e30], 1e30),
    ],
)
def test_floats_have_a_range_from_0_to_1_beside_the_depths(highest: list[float], white: float) -> None:
    assert whites_of(floats(*highest)).floats == white


def test_kinds_are_scaled_apart() -> None:
    assert whites_of([*ints(4000), *floats(0.9)]) == Whites(4095, 1)
    assert whites_of([]) == Whites(65535, 1)


@given(st.lists(st.floats(0, 1e9, width=32), min_size=1, max_size=9), st.booleans())
@example([1e-3, 1e9], True)
def test_what_is_taken_is_never_all_black_nor_clipped(highest: list[float], is_float: bool) -> None:
    assume(max(highest) > 1e-30)
    try:
        whites = whites_of([Look("a", is_float, 0, each if is_float else math.ceil(each)) for each in highest])
    except InvalidData:
        return
    white, top = (whites.floats, max(highest)) if is_float else (whites.integers, math.ceil(max(highest)))
    assert DIM * white <= top <= white


@pytest.mark.parametrize("lowest", [-1.0, -1e-6, math.nan, -math.inf])
def test_values_that_are_no_brightness_are_refused_by_name(lowest: float) -> None:
    with pytest.raises(InvalidData, match=r"^1 image with values below 0, or that are no numbers: scan.tif"):
        whites_of([*floats(1), Look("scan.tif", True, lowest, 1.0)])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1.0])
def test_one_such_value_is_seen_in_an_image(value: float) -> None:
    with pytest.raises(InvalidData, match=r"scan.tif"):
        whites_of([look(deep([[0.5, value], [0.5, 0.5]], "float32"), "scan.tif")])


def test_signed_integers_are_seen() -> None:
    assert look(deep([[-1024, 3071]], "int32")) == Look("image", False, -1024, 3071)
    assert look(deep([[7, 65535]], "uint16")) == Look("image", False, 7, 65535)


@pytest.mark.parametrize(
    "looks",
    [
        ints(*[250] * 5, *[4000] * 5),
        ints(*[200] * 5, *[60000] * 50),
        ints(*[4000] * 50, 60000),
        floats(*[0.9] * 5, *[250] * 5),
        floats(0.9, 60000),
    ],
)
def test_several_depths_are_refused(looks: list[Look]) -> None:
    """One scale would leave images of the smaller one black."""
    with pytest.raises(InvalidData, match=r"several depths.*save all with the same") as refused:
        whites_of(looks)
    assert "0." in str(refused.value)


@pytest.mark.parametrize(
    "looks",
    [
        ints(0, 40, 100, 60000),
        ints(*[1000] * 5, *[4000] * 5),
        ints(200, 700, 4000),
        ints(200, *[4000] * 99),
        floats(0, 0.2, 250),
        floats(0.9, 1.1, 3),
    ],
)
def test_dark_images_beside_bright_ones_are_none(looks: list[Look]) -> None:
    """Black frames, steps between that are there, single ones."""
    whites_of(looks)


def test_few_of_another_depth_are_told_of() -> None:
    looks = ints(200, *[4000] * 99)
    (note,) = told(looks, whites_of(looks))
    assert note.endswith("0.png has 200 at most: is it of another depth?")


def test_what_was_found_and_how_it_was_scaled_is_told() -> None:
    looks = [*ints(3890, 3000), Look("a", True, 0.25, 0.95)]
    assert told(looks, whites_of(looks)) == (
        "2 images of 16 or 32 bits with values from 0 to 3890: 0 to 4095 became black to white",
        "1 image of floats with values from 0.25 to 0.95: 0 to 1 became black to white",
    )
    assert told([], Whites()) == ()


@pytest.mark.parametrize("kind", ["uint16", "int32", "float32"])
@pytest.mark.parametrize("white", DEPTHS)
def test_values_are_spread_over_8_bits(kind: str, white: float) -> None:
    image = deep([[0, white // 2, white]], kind)
    pixels = np.asarray(to_8_bits(image, Whites(white, white)))
    assert (pixels.dtype, pixels.tolist()) == (np.uint8, [[0, 127, 255]])
