"""The embedded target."""

import hashlib

import numpy as np
from sklearn.datasets import load_digits

from bench.contracts.data import Places
from bench.data.digits import ArrayImages, Digits


def test_every_digit_is_in_one_split_with_its_label(places: Places) -> None:
    raw = Digits().load(places)
    assert raw.test is not None
    assert raw.class_names == tuple("0123456789")
    assert (len(raw.train.labels), len(raw.test.labels)) == (1438, 359)
    assert sorted(map(int, [*raw.train.ids, *raw.test.ids])) == list(range(1797))
    target = load_digits().target
    for split in (raw.train, raw.test):
        assert (split.labels == target[[int(name) for name in split.ids]]).all()


def test_a_stratified_fifth_is_held_out(places: Places) -> None:
    raw = Digits().load(places)
    assert raw.test is not None
    shares = np.bincount(raw.test.labels) / np.bincount(load_digits().target)
    assert np.abs(shares - 0.2).max() < 0.004


def test_an_image_is_its_digit_in_grey(places: Places) -> None:
    raw = Digits().load(places)
    expected = np.round(load_digits().images[int(raw.train.ids[3])] * 255 / 16)
    image = raw.train.images[3]
    assert image.mode == "L"
    assert (np.asarray(image) == expected).all()


def test_the_split_is_the_same_for_good(places: Places) -> None:
    raw = Digits().load(places)
    assert raw.test is not None
    names = " ".join(raw.test.ids)
    assert names == " ".join(Digits().load(places).test.ids)  # type: ignore[union-attr]
    assert hashlib.sha256(names.encode()).hexdigest()[:16] == "3cc8134b5a5e95e5"


def test_the_fingerprint_is_there_before_the_data_are_read(places: Places) -> None:
    found = Digits().fingerprint(places)
    assert found == Digits().fingerprint(places)
    assert found is not None
    assert len(found) == 64


def test_arrays_of_grey_and_of_colour_are_images() -> None:
    grey, colour = np.zeros((2, 4, 5), np.uint8), np.zeros((3, 4, 5, 3), np.uint8)
    assert (len(ArrayImages(grey)), ArrayImages(grey)[1].mode) == (2, "L")
    assert (ArrayImages(colour)[2].mode, ArrayImages(colour)[2].size) == ("RGB", (5, 4))
