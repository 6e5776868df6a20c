"""What every data set gives, on those that any machine has."""

import numpy as np
import pytest

from bench.catalog import DATASETS
from bench.contracts.data import Places, RawData, Split
from bench.schema import Choice
from bench.suites.choices import make

EMBEDDED = pytest.mark.parametrize(
    "choice", [Choice("digits"), Choice("glyphs", {"train_images": 70, "test_images": 62})], ids=["digits", "glyphs"]
)


def splits_of(raw: RawData) -> tuple[Split, Split]:
    """Return both splits of a data set."""
    assert raw.test is not None
    return raw.train, raw.test


@EMBEDDED
def test_splits_are_images_with_a_label_and_a_name_each(choice: Choice, places: Places) -> None:
    """Labels are indices of the classes; names are unique over both splits."""
    raw: RawData = make(DATASETS, choice).load(places)
    names: list[str] = []
    for split in splits_of(raw):
        assert len(split.images) == len(split.labels) == len(split.ids) > 0
        assert split.labels.dtype == np.int64
        assert set(split.labels.tolist()) <= set(range(len(raw.class_names)))
        names += split.ids
    assert len(set(names)) == len(names)
    assert len(set(raw.class_names)) == len(raw.class_names)


@EMBEDDED
def test_an_image_is_the_same_whenever_it_is_opened(choice: Choice, places: Places) -> None:
    """And of a size that PIL knows."""
    train, _ = splits_of(make(DATASETS, choice).load(places))
    first, again = train.images[3], train.images[3]
    assert min(first.size) > 0
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != train.images[4].tobytes()


@EMBEDDED
def test_the_fingerprint_hangs_on_contents_and_not_on_places(
    choice: Choice, places: Places, cold_places: Places
) -> None:
    """So that a result stays when a cache moves."""
    dataset = make(DATASETS, choice)
    assert dataset.fingerprint(places) == dataset.fingerprint(cold_places) is not None
