"""A test split for data that come without one."""

import numpy as np
import pytest

from bench.contracts.data import Split
from bench.data.digits import ArrayImages
from bench.data.holding_out import Part, part, with_test_split
from bench.errors import InvalidData


def everything(count: int, groups: list[str] | None = None) -> Split:
    pixels = np.arange(count, dtype=np.uint8).reshape(count, 1, 1)
    return Split(ArrayImages(pixels), np.arange(count) % 2, [f"image {i}" for i in range(count)], groups)


def test_a_part_holds_the_images_at_its_positions() -> None:
    some = Part(everything(10).images, np.array([7, 2, 2]))
    assert len(some) == 3
    assert [some[i].getpixel((0, 0)) for i in range(3)] == [7, 2, 2]


def test_a_part_of_a_split_keeps_all_that_belongs_together() -> None:
    some = part(everything(6, groups=list("uvwxyz")), np.array([4, 1]))
    assert some.labels.tolist() == [0, 1]
    assert list(some.ids) == ["image 4", "image 1"]
    assert list(some.groups or ()) == ["y", "v"]
    assert some.images[0].getpixel((0, 0)) == 4


def test_every_image_ends_in_one_split_with_its_label() -> None:
    raw = with_test_split(("even", "odd"), everything(50), "mine")
    assert raw.test is not None
    assert sorted([*raw.train.ids, *raw.test.ids]) == sorted(everything(50).ids)
    for split in (raw.train, raw.test):
        for position, name in enumerate(split.ids):
            number = int(name.removeprefix("image "))
            assert split.images[position].getpixel((0, 0)) == number
            assert split.labels[position] == number % 2


def test_what_was_done_is_said() -> None:
    raw = with_test_split(("even", "odd"), everything(50), "mine")
    assert raw.notes == ("no test split: 10 of 50 images held out, stratified",)


def test_the_split_is_the_same_every_time_and_another_for_another_name() -> None:
    held = [with_test_split(("even", "odd"), everything(50), name).test for name in ("mine", "mine", "yours")]
    names = [list(split.ids) for split in held if split is not None]
    assert names[0] == names[1] != names[2]


def test_groups_stay_on_one_side() -> None:
    raw = with_test_split(("even", "odd"), everything(60, [f"video {i // 6}" for i in range(60)]), "mine")
    assert raw.test is not None
    assert not set(raw.train.groups or ()) & set(raw.test.groups or ())


def test_too_few_groups_are_refused() -> None:
    with pytest.raises(InvalidData, match="3 groups are too few to hold some out; give at least 5"):
        with_test_split(("even", "odd"), everything(30, [f"video {i % 3}" for i in range(30)]), "mine")


def test_a_class_whose_one_group_is_held_out_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing would be left to learn it from."""
    groups = ["lone" if number % 2 else "other" for number in range(60)]
    parted = np.arange(0, 60, 2), np.arange(1, 60, 2)
    monkeypatch.setattr("bench.data.holding_out.hold_out", lambda *_: parted)
    with pytest.raises(InvalidData, match="class odd: all its images are of one group"):
        with_test_split(("even", "odd"), everything(60, groups=groups), "name")


def test_too_few_images_to_hold_some_out_are_refused() -> None:
    with pytest.raises(InvalidData, match="no test split, and 2 images of 2 classes are too few to hold one out"):
        with_test_split(("even", "odd"), everything(2), "mine")


def test_a_class_of_which_nothing_is_held_out_is_named() -> None:
    """Its only image is needed to learn from."""
    some = part(everything(20), np.array([*range(0, 20, 2), 1]))
    raw = with_test_split(("even", "odd"), some, "mine")
    assert raw.notes[1] == "no test images of class odd: no accuracy says anything of it"
