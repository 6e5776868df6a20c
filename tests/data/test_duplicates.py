"""Test images that stand in the training set are found; those that merely look alike are not."""

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import scipy.fft
from PIL import Image, ImageEnhance

from bench.contracts.data import Places, RawData, Split
from bench.data.decode import Decoded, decode
from bench.data.digits import ArrayImages, Digits
from bench.data.duplicates import (
    find_duplicates,
    kept_hashes,
    lowest_frequencies,
    near_duplicates,
    perceptual_hashes,
    pixel_hashes,
)
from bench.data.glyphs import Glyphs
from bench.data.transforms import Geometry
from bench.data.unlabelled import read_unlabelled
from tests.material import tiny
from tests.material.examples import save_class_folders

Images = npt.NDArray[np.uint8]


def photographs(count: int, seed: int, side: int = 64) -> Images:
    """Smooth random scenes, no two alike."""
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 9, 9, 3), np.uint8)
    return np.stack(
        [np.asarray(Image.fromarray(each).resize((side, side), Image.Resampling.BICUBIC)) for each in coarse]
    )


def through_jpeg(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=75)
    return Image.open(file).convert("RGB")


CHANGES = {
    "jpeg": through_jpeg,
    "resized": lambda image: image.resize((40, 40)).resize(image.size, Image.Resampling.BICUBIC),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.1),
    "duller": lambda image: ImageEnhance.Contrast(image).enhance(0.8),
}


@pytest.mark.parametrize("change", CHANGES)
def test_image_that_was_stored_otherwise_is_found_again(change: str) -> None:
    """All of them, each by its own original."""
    train = photographs(40, 0)
    test = np.stack([np.asarray(CHANGES[change](Image.fromarray(image))) for image in train[::2]])
    assert near_duplicates(train, test) == {place: 2 * place for place in range(20)}


def test_other_images_are_no_duplicates() -> None:
    assert near_duplicates(photographs(200, 0), photographs(100, 1)) == {}


def test_blank_images_are_like_nothing() -> None:
    """But pixel by pixel they are the same."""
    blank, darker = np.full((1, 32, 32, 3), 200, np.uint8), np.full((1, 32, 32, 3), 100, np.uint8)
    assert near_duplicates(blank, darker) == {}
    assert pixel_hashes(blank)[0] == pixel_hashes(blank.copy())[0] != pixel_hashes(darker)[0]


def test_hashes_are_one_for_each_image_whatever_the_batch() -> None:
    images = photographs(300, 2, side=32)
    hashes = perceptual_hashes(lowest_frequencies(images))
    assert np.array_equal(hashes[257:260], perceptual_hashes(lowest_frequencies(images[257:260])))
    assert len(np.unique(hashes)) == len(np.unique(pixel_hashes(images))) == 300
    assert perceptual_hashes(lowest_frequencies(images[:0])).shape == pixel_hashes(images[:0]).shape == (0,)


def test_frequencies_are_those_of_the_cosine_transform() -> None:
    """As scipy has it, but for its factors."""
    images = photographs(3, 5, side=32)
    grey = images.sum(3, dtype=np.float64)
    theirs = scipy.fft.dctn(grey, axes=(1, 2))[:, :8, :8].reshape(3, 64) / 4
    assert np.allclose(lowest_frequencies(images), theirs, rtol=1e-3, atol=1)


def decoded(train: Images, test: Images, root: Path) -> Decoded:
    splits = [
        Split(
            ArrayImages(images), np.arange(len(images), dtype=np.int64) % 2, [f"{name}/{i}" for i in range(len(images))]
        )
        for name, images in (("train", train), ("test", test))
    ]
    return decode(RawData(("a", "b"), *splits), "key", Geometry(64, None, "bilinear"), root, tiny.ignore)


def test_search_tells_exact_from_near_and_names_both_images(tmp_path: Path) -> None:
    train = photographs(10, 0)
    again = np.asarray(through_jpeg(Image.fromarray(train[7])))
    data = decoded(train, np.stack([train[4], again, *photographs(3, 1)]), tmp_path)
    found = find_duplicates(data, tmp_path, tiny.ignore).found
    assert found == {"exact": [["test/0", "train/4"]], "near": [["test/1", "train/7"]], "of": 5}


def test_search_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = decoded(photographs(4, 0), photographs(2, 1), tmp_path)
    first = find_duplicates(data, tmp_path, tiny.ignore)
    hashes = kept_hashes(data, "test", tmp_path)
    monkeypatch.setattr("bench.data.duplicates.pixel_hashes", lambda images: pytest.fail("computed again"))
    assert find_duplicates(data, tmp_path, tiny.ignore) == first
    assert np.array_equal(kept_hashes(data, "test", tmp_path), hashes)


def test_folder_without_test_images_has_hashes(tmp_path: Path) -> None:
    """Images to pre-train on."""
    raw = read_unlabelled(save_class_folders(tmp_path / "some", {"one": 3}))
    assert raw is not None
    data = decode(raw, "key", Geometry(32, None, "bilinear"), tmp_path, tiny.ignore)
    assert len(kept_hashes(data, "train", tmp_path)) == 3
    assert find_duplicates(data, tmp_path, tiny.ignore).found == {"exact": [], "near": [], "of": 0}


def test_no_small_characters_that_look_alike_are_called_duplicates(places: Places) -> None:
    """Handwritten ones, and printed ones that were all drawn apart: none."""
    for dataset in (Digits(), Glyphs(train_images=1240, test_images=186)):
        raw = dataset.load(places)
        data = decode(raw, f"{dataset}", Geometry(32, None, "bilinear"), places.cache_dir, tiny.ignore)
        found = find_duplicates(data, places.cache_dir, tiny.ignore).found
        assert (found["exact"], found["near"]) == ([], [])
