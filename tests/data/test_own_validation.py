"""The user's own validation images stand behind the training images, and share no group with them."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from bench.contracts.data import RawData, Split
from bench.data.own_validation import with_own_validation
from bench.data.parts import LEFT_OUT
from bench.errors import InvalidData


def a_split(shades: Sequence[int], labels: Sequence[int], name: str, groups: list[str] | None = None) -> Split:
    """Images of one grey each, named after their split."""
    images = [Image.new("L", (4, 4), shade) for shade in shades]
    return Split(images, np.array(labels, np.int64), [f"{name}{place}" for place in range(len(shades))], groups)


def some_data(validation: Split | None) -> RawData:
    train, test = a_split([10, 20, 30], [0, 1, 0], "train"), a_split([90], [1], "test")
    return RawData(("a", "b"), train, test, ("a note", f"val/ is {LEFT_OUT}"), validation)


def test_validation_images_stand_behind_those_to_train_on() -> None:
    """Pixels, labels and names alike; what was said before stays said, but that they are left out."""
    joined = with_own_validation("mine", some_data(a_split([50, 60], [1, 0], "val")))
    assert [joined.train.images[place].getpixel((0, 0)) for place in range(5)] == [10, 20, 30, 50, 60]
    assert joined.train.labels.tolist() == [0, 1, 0, 1, 0]
    assert list(joined.train.ids) == ["train0", "train1", "train2", "val0", "val1"]
    assert joined.train.groups is None
    assert joined.validation is None
    assert joined.notes == ("a note", "2 images of val/ select and are counted in no label budget")


def test_groups_of_one_part_stay_groups() -> None:
    """Images without a group are groups of their own, in the other part too."""
    raw = some_data(a_split([50, 60], [1, 0], "val", ["p1", "p1"]))
    groups = with_own_validation("mine", raw).train.groups
    assert groups is not None
    assert len(set(groups)) == 4


def test_a_group_on_both_sides_is_refused() -> None:
    raw = some_data(a_split([50], [1], "val", ["p1"]))
    raw = dataclasses.replace(raw, train=a_split([10, 20, 30], [0, 1, 0], "train", ["p1", "p2", "p3"]))
    with pytest.raises(InvalidData, match="mine: group 'p1' stands in train and in val"):
        with_own_validation("mine", raw)


@pytest.mark.parametrize("validation", [None, a_split([], [], "val")])
def test_data_without_validation_images_is_refused(validation: Split | None) -> None:
    with pytest.raises(InvalidData, match="validation: own needs val/ beside train/ and test/"):
        with_own_validation("mine", some_data(validation))
