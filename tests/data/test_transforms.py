"""Pixels before and after: geometry, colour modes, normalisation, augmentation."""

import io
import struct
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageOps

from bench.contracts.networks import InputSpec
from bench.data.levels import Whites
from bench.data.transforms import (
    UNREADABLE,
    Geometry,
    Normalise,
    cut_out,
    mixup,
    policy,
    random_resized_crop_flip,
    to_rgb,
    upright,
)

SPEC = InputSpec((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "bicubic", 0.875, 224)
POLICIES = ["randaugment", "trivialaugment"]


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def reopened(image: Image.Image, **options: object) -> Image.Image:
    """The image as a PNG file gives it back."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return Image.open(buffer)


def test_at_their_own_size_weights_get_their_crop() -> None:
    geometry = Geometry.of(SPEC, 224)
    assert geometry.resize_to == 256
    assert str(geometry) == "resize 256 (bicubic, antialiased), centre crop 224"


def test_at_another_size_nothing_is_cropped() -> None:
    geometry = Geometry.of(SPEC, 96)
    assert geometry.resize_to is None
    assert str(geometry) == "resize 96x96 (bicubic, antialiased)"


def test_the_crop_keeps_the_middle_and_the_squash_keeps_the_edges() -> None:
    striped = np.zeros((64, 128, 3), np.uint8)
    striped[:, :16], striped[:, -16:] = (255, 0, 0), (0, 255, 0)
    image = Image.fromarray(striped)
    cropped = Geometry(64, 64, "bilinear").apply(image)
    squashed = Geometry(64, None, "bilinear").apply(image)
    assert cropped.max() == 0
    assert squashed[:, 0].tolist() == [[255, 0, 0]] * 64
    assert squashed[:, -1].tolist() == [[0, 255, 0]] * 64


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 80), st.integers(1, 80), st.integers(1, 40), st.none() | st.floats(1.0, 1.5))
def test_every_image_becomes_a_square_of_the_size_asked_for(
    width: int, height: int, size: int, resize: float | None
) -> None:
    geometry = Geometry(size, None if resize is None else round(size * resize), "bilinear")
    pixels = geometry.apply(Image.fromarray(noise(height, width, 3)))
    assert (pixels.shape, pixels.dtype) == ((size, size, 3), np.uint8)


def test_an_image_that_fits_keeps_its_pixels() -> None:
    pixels = noise(32, 32, 3)
    assert (Geometry(32, None, "bicubic").apply(Image.fromarray(pixels)) == pixels).all()


MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LAB", "I", "F", "I;16"]


@pytest.mark.parametrize("mode", MODES)
def test_an_image_in_any_mode_becomes_rgb(mode: str) -> None:
    image = Image.new(mode, (5, 4))
    assert Geometry(8, None, "bilinear").apply(image).shape == (8, 8, 3)


def test_grey_becomes_three_equal_channels() -> None:
    pixels = noise(6, 6)
    rgb = np.asarray(to_rgb(Image.fromarray(pixels)))
    assert (rgb == pixels[:, :, None]).all()


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_lies_on_white(mode: str) -> None:
    colour = {"RGBA": [(10, 20, 30, 0), (10, 20, 30, 255)], "LA": [(10, 0), (10, 255)]}[mode]
    image = Image.new(mode, (2, 1))
    image.putdata(colour)
    clear, solid = np.asarray(to_rgb(reopened(image)))[0].tolist()
    assert clear == [255, 255, 255]
    assert solid == ([10, 20, 30] if mode == "RGBA" else [10, 10, 10])


def test_half_transparent_is_half_white() -> None:
    image = Image.new("RGBA", (1, 1), (0, 0, 0, 128))
    assert np.asarray(to_rgb(image)).ravel().tolist() == [127] * 3


def test_a_transparent_colour_of_a_palette_lies_on_white() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([200, 0, 0, 0, 0, 200])
    image.putdata([0, 1])
    rgb = np.asarray(to_rgb(reopened(image, transparency=0)))[0].tolist()
    assert rgb == [[255, 255, 255], [0, 0, 200]]


def test_a_transparent_colour_of_an_rgb_image_lies_on_white() -> None:
    image = Image.new("RGB", (2, 1), (1, 2, 3))
    image.putpixel((1, 0), (9, 9, 9))
    assert np.asarray(to_rgb(reopened(image, transparency=(1, 2, 3))))[0].tolist() == [[255] * 3, [9] * 3]


def test_16_bit_grey_keeps_its_range() -> None:
    image = reopened(Image.fromarray(np.array([[0, 32768, 65535]], np.uint16)))
    assert np.asarray(to_rgb(image))[0, :, 0].tolist() == [0, 127, 255]


def test_a_dark_16_bit_image_stays_dark_among_bright_ones() -> None:
    image = reopened(Image.fromarray(np.full((2, 2), 200, np.uint16)))
    assert np.asarray(to_rgb(image, Whites(integers=65535))).max() <= 1
    assert np.asarray(to_rgb(image)).min() == 200


def test_16_bit_grey_with_a_transparent_level_keeps_its_range() -> None:
    image = reopened(Image.fromarray(np.array([[0, 32768, 65535]], np.uint16)), transparency=7)
    assert image.info["transparency"] == 7
    assert np.asarray(to_rgb(image))[0, :, 0].tolist() == pytest.approx([0, 127, 255], abs=1)


def test_32_bit_grey_of_8_bit_values_is_taken_as_it_is() -> None:
    image = Image.fromarray(np.array([[0, 100, 255]], np.int32))
    assert np.asarray(to_rgb(image))[0, :, 0].tolist() == [0, 100, 255]


def test_floats_from_0_to_1_become_black_to_white() -> None:
    image = Image.fromarray(np.array([[0, 0.25, 1]], np.float32))
    assert Geometry(3, None, "bilinear").apply(image)[1, :, 0].tolist() == [0, 63, 255]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_an_image_is_turned_as_its_tag_says(suffix: str, orientation: int) -> None:
    """As PIL itself does it."""
    tags = Image.Exif()
    tags[ExifTags.Base.Orientation] = orientation
    stream = io.BytesIO()
    Image.fromarray(noise(6, 9, 3)).save(stream, suffix, exif=tags)
    expected = ImageOps.exif_transpose(Image.open(stream))
    found = upright(Image.open(stream))
    assert found.size == ((6, 9) if orientation > 4 else (9, 6))
    assert np.array_equal(np.asarray(found), np.asarray(expected))


def with_tags(*tags: bytes, beyond: bytes = b"") -> Image.Image:
    """A JPEG of 9 x 6 pixels with tags of 12 bytes each; those too long for it point `beyond`."""
    directory = struct.pack("<H", len(tags)) + b"".join(tags) + b"\0" * 4
    stream = io.BytesIO()
    Image.fromarray(noise(6, 9, 3)).save(stream, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0" + directory + beyond)
    return Image.open(stream)


def tag(number: int, kind: int, count: int, value: int) -> bytes:
    return struct.pack("<HHLL", number, kind, count, value)


TURNED = tag(0x0112, 3, 1, 6)


@pytest.mark.parametrize(
    ("senseless", "beyond"),
    [
        (tag(0x011A, 10, 1, 38), struct.pack("<ll", -1, 0)),
        (tag(0x011A, 5, 1, 38), struct.pack("<LL", 1, 0)),
        (tag(0x011A, 5, 2**31, 38), b""),
        (tag(0x8769, 4, 1, 2**32 - 1), b""),
        (tag(0x010F, 77, 9, 9), b""),
        (tag(0x010F, 2, 2**32 - 1, 2**32 - 1), b""),
    ],
)
def test_other_tags_may_be_senseless(senseless: bytes, beyond: bytes) -> None:
    """An image is turned all the same, and made pixels of."""
    found = upright(with_tags(TURNED, senseless, beyond=beyond))
    assert found.size == (6, 9)
    assert Geometry(4, None, "bilinear").apply(found).shape == (4, 4, 3)


@pytest.mark.parametrize("orientation", [tag(0x0112, 3, 1, 9), tag(0x0112, 2, 1, 54), tag(0x0112, 5, 1, 2**31)])
def test_an_orientation_that_says_nothing_turns_nothing(orientation: bytes) -> None:
    assert upright(with_tags(orientation)).size == (9, 6)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=80))
def test_tags_never_keep_an_image_from_being_read(tags: bytes) -> None:
    """Whatever stands where they should."""
    stream = io.BytesIO()
    Image.fromarray(noise(6, 9, 3)).save(stream, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0" + tags)
    try:
        image = Image.open(stream)
    except UNREADABLE:
        return  # the header alone is too much for PIL: the file is named
    assert set(upright(image).size) == {9, 6}


def test_cmyk_is_converted_to_its_colours() -> None:
    image = Image.new("CMYK", (1, 1), (0, 255, 255, 0))
    assert np.asarray(to_rgb(image)).ravel().tolist() == [255, 0, 0]


def test_images_are_normalised_by_the_weights_mean_and_spread() -> None:
    pixels = noise(3, 8, 8, 3)
    expected = (pixels / 255 - np.array(SPEC.mean)) / np.array(SPEC.std)
    batch = Normalise(SPEC, "cpu")(pixels)
    assert batch.shape == (3, 3, 8, 8)
    assert batch.dtype == torch.float32
    assert batch.is_contiguous(memory_format=torch.channels_last)
    np.testing.assert_allclose(batch.permute(0, 2, 3, 1).numpy(), expected, rtol=0, atol=1e-5)


def test_normalising_leaves_the_pixels_as_they_were(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("pixels") / "pixels.npy"
    np.save(path, noise(4, 8, 8, 3))
    mapped = np.load(path, mmap_mode="r")
    Normalise(SPEC, "cpu")(mapped[[2, 0]])
    assert (mapped == noise(4, 8, 8, 3)).all()


def a_batch() -> torch.Tensor:
    return torch.from_numpy(noise(6, 3, 16, 16)).float() / 255


def augmentations() -> list[Callable[[torch.Generator], torch.Tensor]]:
    images = torch.from_numpy(noise(4, 3, 16, 16))
    targets = torch.eye(6)
    return [
        lambda generator: random_resized_crop_flip(a_batch(), generator),
        lambda generator: policy("randaugment")(images, generator),
        lambda generator: policy("trivialaugment")(images, generator),
        lambda generator: torch.cat([part.flatten() for part in mixup(a_batch(), targets, 0.4, generator)]),
    ]


AUGMENTATIONS = pytest.mark.parametrize(
    "augment", augmentations(), ids=["random_resized_crop_flip", *POLICIES, "mixup"]
)


@AUGMENTATIONS
def test_an_augmentation_hangs_on_its_generator_alone(augment: Callable[[torch.Generator], torch.Tensor]) -> None:
    torch.manual_seed(1)
    first = augment(torch.Generator().manual_seed(5))
    torch.manual_seed(2)
    again, other = augment(torch.Generator().manual_seed(5)), augment(torch.Generator().manual_seed(6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@AUGMENTATIONS
def test_an_augmentation_leaves_the_global_generators_as_they_were(
    augment: Callable[[torch.Generator], torch.Tensor],
) -> None:
    np.random.seed(3)
    before, before_numpy = torch.get_rng_state(), np.random.get_state()[1].tolist()
    augment(torch.Generator().manual_seed(5))
    assert torch.equal(torch.get_rng_state(), before)
    assert np.random.get_state()[1].tolist() == before_numpy


@AUGMENTATIONS
def test_an_augmentation_moves_its_generator_on(augment: Callable[[torch.Generator], torch.Tensor]) -> None:
    generator = torch.Generator().manual_seed(5)
    assert not torch.equal(augment(generator), augment(generator))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**31), st.floats(-3, 3), st.integers(4, 24))
def test_a_crop_of_a_constant_image_is_that_image(seed: int, value: float, side: int) -> None:
    batch = torch.full((3, 3, side, side), value)
    cropped = random_resized_crop_flip(batch, torch.Generator().manual_seed(seed))
    torch.testing.assert_close(cropped, batch, rtol=1e-4, atol=1e-4)


def test_crops_stay_within_what_the_image_holds() -> None:
    cropped = random_resized_crop_flip(a_batch(), torch.Generator().manual_seed(0))
    assert cropped.shape == a_batch().shape
    assert cropped.min() >= 0
    assert cropped.max() <= 1 + 1e-5


def test_half_of_the_images_are_flipped() -> None:
    ramp = torch.linspace(0, 1, 16).expand(400, 3, 16, 16).contiguous()
    cropped = random_resized_crop_flip(ramp, torch.Generator().manual_seed(0))
    flipped = (cropped[:, 0, 8, 12] < cropped[:, 0, 8, 4]).float().mean()
    assert 0.4 < flipped < 0.6


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_keeps_shape_and_kind_and_changes_pixels(name: str) -> None:
    images = torch.from_numpy(noise(8, 3, 16, 16))
    changed = policy(name)(images, torch.Generator().manual_seed(0))
    assert (changed.shape, changed.dtype) == (images.shape, torch.uint8)
    assert not torch.equal(changed, images)


@pytest.mark.parametrize("name", ["none", "basic"])
def test_other_augmentations_do_nothing_to_pixels_here(name: str) -> None:
    assert policy(name) is None


@settings(deadline=None, max_examples=40)
@given(st.floats(0.05, 5.0), st.integers(0, 2**31), st.integers(1, 8))
def test_mixed_targets_sum_to_one_and_images_stay_in_range(alpha: float, seed: int, size: int) -> None:
    targets = torch.nn.functional.one_hot(torch.arange(size) % 3, 3).float()
    batch = torch.rand(size, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    mixed, soft = mixup(batch, targets, alpha, torch.Generator().manual_seed(seed))
    torch.testing.assert_close(soft.sum(1), torch.ones(size))
    assert soft.min() >= 0
    assert batch.min() - 1e-6 <= mixed.min() <= mixed.max() <= batch.max() + 1e-6


def test_images_and_targets_are_mixed_with_the_same_partner_in_the_same_share() -> None:
    targets = torch.eye(5)
    batch = targets.view(5, 5, 1, 1).expand(5, 5, 2, 2)
    mixed, soft = mixup(batch, targets, 1.0, torch.Generator().manual_seed(3))
    torch.testing.assert_close(mixed[:, :, 0, 0], soft)


def test_cut_out_takes_one_square_of_half_the_side() -> None:
    """A quarter of the pixels, less what hangs over the edge; elsewhere every pixel stays; each image has its own."""
    images = torch.rand(64, 3, 16, 16) + 1
    generator = torch.Generator().manual_seed(0)
    cut = cut_out(images, generator)
    gone = (cut == 0).all(1)
    assert torch.equal(cut, images * ~gone.unsqueeze(1))
    for hole in gone:
        rows, columns = hole.any(1), hole.any(0)
        assert torch.equal(hole, rows.unsqueeze(1) & columns)
        for side in (rows, columns):
            assert 4 <= int(side.sum()) <= 8
            places = side.nonzero()
            assert int(places.max() - places.min()) + 1 == int(side.sum())
    assert (gone.sum((1, 2)) == 64).any()
    assert len({hole.numpy().tobytes() for hole in gone}) > 30
