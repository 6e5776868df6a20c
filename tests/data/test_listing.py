"""What is read and what the fingerprint is of: one list."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.data.listing import ImageFiles, Listing, Part, check_classes
from bench.errors import InvalidData
from tests.material.examples import save_image


def a_part(root: Path, use: str, labels: tuple[int, ...], groups: tuple[str, ...] | None = None) -> Part:
    """Images of one grey each."""
    ids = tuple(f"{use}/{place}.png" for place in range(len(labels)))
    paths = tuple(save_image(root / name, shade=7 * place + len(use)) for place, name in enumerate(ids))
    return Part(use, paths, ids, labels, groups)  # type: ignore[arg-type]


def a_listing(root: Path) -> Listing:
    parts = (a_part(root, "train", (0, 1, 1), ("u", "v", "w")), a_part(root, "test", (0, 1), ("x", "y")))
    return Listing(root, ("cat", "dog"), parts, ("said",))


def test_images_are_opened_when_they_are_asked_for(tmp_path: Path) -> None:
    images = ImageFiles((save_image(tmp_path / "a.png", 7), tmp_path / "missing.png"))
    assert len(images) == 2
    assert images[0].getpixel((0, 0)) == (7, 7, 7)
    with pytest.raises(FileNotFoundError):
        images[1]


def test_a_listing_becomes_its_splits(tmp_path: Path) -> None:
    raw = a_listing(tmp_path).raw("mine")
    assert raw.class_names == ("cat", "dog")
    assert (raw.train.labels.tolist(), list(raw.train.ids)) == ([0, 1, 1], [f"train/{i}.png" for i in range(3)])
    assert list(raw.train.groups or ()) == ["u", "v", "w"]
    assert raw.test is not None
    assert raw.test.images[1].getpixel((0, 0)) == (11, 11, 11)
    assert (raw.validation, raw.notes) == (None, ("said",))


def test_a_part_for_validation_is_handed_on(tmp_path: Path) -> None:
    listing = a_listing(tmp_path)
    listing = dataclasses.replace(listing, parts=(*listing.parts, a_part(tmp_path, "validation", (1, 0))))
    raw = listing.raw("mine")
    assert raw.validation is not None
    assert (raw.validation.labels.tolist(), raw.validation.ids[1]) == ([1, 0], "validation/1.png")


def test_of_a_single_part_some_is_held_out_by_name(tmp_path: Path) -> None:
    listing = Listing(tmp_path, ("cat", "dog"), (a_part(tmp_path, "train", (0, 1) * 20),), ("said",))
    held = [listing.raw(name).test for name in ("mine", "mine", "yours")]
    ids = [list(split.ids) for split in held if split is not None]
    assert ids[0] == ids[1] != ids[2]
    assert listing.raw("mine").notes == ("no test split: 8 of 40 images held out, stratified", "said")


def test_a_class_without_test_images_is_named(tmp_path: Path) -> None:
    listing = a_listing(tmp_path)
    lacking = dataclasses.replace(listing, parts=(listing.parts[0], a_part(tmp_path, "test", (1, 1))))
    assert lacking.raw("mine").notes[0] == "no test images of class cat: no accuracy says anything of it"


def test_equal_data_have_one_fingerprint_wherever_they_lie(tmp_path: Path) -> None:
    here, there = a_listing(tmp_path / "here"), a_listing(tmp_path / "there")
    assert here.fingerprint(tmp_path / "memo") == there.fingerprint(tmp_path / "memo")


CHANGES: dict[str, Callable[[Part], Part]] = {
    "contents": lambda part: dataclasses.replace(part, paths=(part.paths[1], part.paths[0], *part.paths[2:])),
    "names": lambda part: dataclasses.replace(part, ids=("other.png", *part.ids[1:])),
    "labels": lambda part: dataclasses.replace(part, labels=(1, *part.labels[1:])),
    "groups": lambda part: dataclasses.replace(part, groups=None),
    "use": lambda part: dataclasses.replace(part, use="validation"),
    "length": lambda part: Part(part.use, part.paths[1:], part.ids[1:], part.labels[1:], part.groups),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_read_otherwise_has_another_fingerprint(tmp_path: Path, change: str) -> None:
    listing = a_listing(tmp_path)
    other = dataclasses.replace(listing, parts=(CHANGES[change](listing.parts[0]), listing.parts[1]))
    assert other.fingerprint(tmp_path / "memo") != listing.fingerprint(tmp_path / "memo")


def test_other_names_of_classes_are_another_fingerprint_and_other_notes_are_not(tmp_path: Path) -> None:
    listing = a_listing(tmp_path)
    first = listing.fingerprint(tmp_path / "memo")
    assert dataclasses.replace(listing, class_names=("owl", "dog")).fingerprint(tmp_path / "memo") != first
    assert dataclasses.replace(listing, notes=()).fingerprint(tmp_path / "memo") == first


@pytest.mark.parametrize(
    ("names", "labels", "problem"),
    [
        ([], (), "here: no class folders; a classifier needs at least two"),
        (["cat"], (0, 0), "here: only one class, 'cat'; a classifier needs at least two"),
        (["cat", "dog", "owl"], (0,), "here: no training images of class dog, owl; add images, or remove"),
    ],
)
def test_what_nobody_can_learn_from_is_refused(
    tmp_path: Path, names: list[str], labels: tuple[int, ...], problem: str
) -> None:
    with pytest.raises(InvalidData, match=problem):
        check_classes("here", names, a_part(tmp_path, "train", labels), None)


def test_an_empty_test_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match="here: the test split holds no images"):
        check_classes("here", ["cat", "dog"], a_part(tmp_path, "train", (0, 1)), a_part(tmp_path, "test", ()))
