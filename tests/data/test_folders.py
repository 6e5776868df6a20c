"""Class folders, as they lie on a disk: what is taken for what, and what nobody can tell."""

import os
from pathlib import Path

import pytest
from PIL import Image

from bench.data.folders import list_folders, part_folders
from bench.data.listing import Listing
from bench.data.searching import Search
from bench.errors import InvalidData
from tests.material.examples import save_class_folders, save_image


def ids(listing: Listing) -> dict[str, list[str]]:
    return {part.use: list(part.ids) for part in listing.parts}


def two(folder: Path) -> Path:
    """One image of two classes each."""
    return save_class_folders(folder, {"cat": 1, "dog": 1})


def test_labels_follow_the_sorted_class_names_and_ids_the_root(tmp_path: Path) -> None:
    save_class_folders(tmp_path / "train", {"dog": 1, "cat": 2})
    save_class_folders(tmp_path / "test", {"cat": 1})
    listing = list_folders(tmp_path)
    assert listing.class_names == ("cat", "dog")
    assert listing.parts[0].labels == (0, 0, 1)
    assert ids(listing) == {
        "train": ["train/cat/0.png", "train/cat/1.png", "train/dog/0.png"],
        "test": ["test/cat/0.png"],
    }
    assert [path.relative_to(tmp_path).as_posix() for path in listing.parts[1].paths] == ["test/cat/0.png"]


def test_a_relative_root_gives_the_same_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two(tmp_path / "train")
    monkeypatch.chdir(tmp_path)
    assert ids(list_folders(Path())) == ids(list_folders(tmp_path))


@pytest.mark.parametrize(
    ("train", "test"), [("Training", "Testing"), ("TRAIN", "TEST"), ("train_set", "test_set"), ("train", "valid")]
)
def test_usual_spellings_of_parts_are_taken_and_it_is_said(tmp_path: Path, train: str, test: str) -> None:
    for name in (train, test):
        two(tmp_path / name)
    listing = list_folders(tmp_path)
    assert listing.class_names == ("cat", "dog")
    assert ids(listing) == {use: [f"{n}/cat/0.png", f"{n}/dog/0.png"] for use, n in (("train", train), ("test", test))}
    assert f"{test}/ is taken for testing" in listing.notes
    assert (f"{train}/ is taken for training" in listing.notes) == (train != "train")


def test_a_part_for_validation_beside_the_others_is_listed_and_it_is_said(tmp_path: Path) -> None:
    for name in ("train", "Validation", "test"):
        two(tmp_path / name)
    listing = list_folders(tmp_path)
    assert list(ids(listing)) == ["train", "test", "validation"]
    assert ids(listing)["validation"] == ["Validation/cat/0.png", "Validation/dog/0.png"]
    assert listing.notes == (
        "Validation/ is left out: validation comes out of the label budget; "
        "`validation: own` in the suite selects on it",
    )


def test_a_part_for_validation_without_class_folders_is_none(tmp_path: Path) -> None:
    for name in ("train", "test"):
        two(tmp_path / name)
    save_image(tmp_path / "val" / "a.png")
    listing = list_folders(tmp_path)
    assert list(ids(listing)) == ["train", "test"]
    assert "left out, images outside of any class folder: 1 (val/a.png)" in listing.notes


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["train", "val", "valid"], "both 'val' and 'valid' name the part val; keep one"),
        (["train", "Train"], "both 'Train' and 'train' name the part train; keep one"),
        (["val", "test"], "test and val but no train"),
        (["train/x", "cat", "dog"], "train/ beside cat/, dog/: parts can't be told from classes"),
        (["train", "test", "owl"], "test/, train/ beside owl/: parts can't be told"),
        (["train2017", "val2017"], "train2017/, val2017/ look like parts, not like classes"),
        (["seg_train", "seg_test"], "seg_test/, seg_train/ look like parts"),
    ],
)
def test_folders_of_which_nobody_can_tell_what_they_are_are_refused(
    tmp_path: Path, names: list[str], problem: str
) -> None:
    for name in names:
        two(tmp_path / name)
    with pytest.raises(InvalidData, match=problem):
        list_folders(tmp_path)


def test_a_class_that_has_the_name_of_a_part_makes_no_others_vanish(tmp_path: Path) -> None:
    save_class_folders(tmp_path, {"train": 3, "cat": 3, "dog": 3})
    with pytest.raises(InvalidData, match="train/ beside cat/, dog/"):
        list_folders(tmp_path)


def test_below_a_part_a_class_may_have_the_name_of_a_part(tmp_path: Path) -> None:
    for name in ("train", "test"):
        save_class_folders(tmp_path / name, {"train": 1, "plane": 1})
    assert list_folders(tmp_path).class_names == ("plane", "train")


def test_a_class_may_be_a_train_station(tmp_path: Path) -> None:
    """Where not all of them look like parts."""
    save_class_folders(tmp_path, {"train station": 1, "airport": 1})
    assert list_folders(tmp_path).class_names == ("airport", "train station")


@pytest.mark.parametrize("classes", [["cat", "dog"], ["flowers"]])
def test_parts_below_the_classes_are_refused(tmp_path: Path, classes: list[str]) -> None:
    """Else test images would be learnt from. One folder too high it looks alike."""
    for name in classes:
        for part in ("Train", "test"):
            two(tmp_path / name / part)
    with pytest.raises(InvalidData, match=rf"the class folder {classes[0]}/ holds Train/, test/; give the folder"):
        list_folders(tmp_path)


def test_folders_without_images_beside_the_parts_are_told(tmp_path: Path) -> None:
    for name in ("train", "test"):
        two(tmp_path / name)
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "a.xml").touch()
    save_image(tmp_path / "Unlabeled" / "a.png")
    save_image(tmp_path / "sample.png")
    assert list_folders(tmp_path).notes == (
        "Unlabeled/ left out: images without classes",
        "annotations/ left out: no images there",
        "left out, images outside of any class folder: 1 (sample.png)",
    )


@pytest.mark.parametrize("flat", ["train", "test", "Testing"])
def test_images_without_class_folders_are_refused_by_the_name_of_their_folder(tmp_path: Path, flat: str) -> None:
    two(tmp_path / ("train" if flat != "train" else "test"))
    for number in range(6):
        save_image(tmp_path / flat / f"{number}.png")
    with pytest.raises(InvalidData, match=rf"/{flat}: no class folders, but 6 images right in it; .*{flat}/<class>/\*"):
        list_folders(tmp_path)


def test_an_image_beside_class_folders_is_told(tmp_path: Path) -> None:
    for name in ("train", "test"):
        two(tmp_path / name)
    save_image(tmp_path / "train" / "lost.png")
    (note,) = list_folders(tmp_path).notes
    assert note == "left out, images outside of any class folder: 1 (train/lost.png)"


def test_classes_that_only_one_part_has_are_told_or_refused(tmp_path: Path) -> None:
    """Without a test image a class is told of; without a training image nobody could learn it."""
    save_class_folders(tmp_path / "train", {"cat": 1, "dog": 1, "owl": 1})
    save_class_folders(tmp_path / "test", {"cat": 1, "dog": 1})
    assert list_folders(tmp_path).raw("x").notes == ("no test images of class owl: no accuracy says anything of it",)
    save_class_folders(tmp_path / "test", {"emu": 1})
    with pytest.raises(InvalidData, match="train: no training images of class emu"):
        list_folders(tmp_path)


@pytest.mark.parametrize(("one", "other"), [("red", "red "), ("caf\u00e9", "cafe\u0301")])
@pytest.mark.parametrize("where", ["same part", "other part"])
def test_class_folders_that_differ_by_blanks_or_accents_alone_are_one(
    tmp_path: Path, one: str, other: str, where: str
) -> None:
    save_class_folders(tmp_path / "train", {one: 1, "blue": 1})
    save_class_folders(tmp_path / ("train" if where == "same part" else "test"), {other: 1})
    if where == "same part":
        save_class_folders(tmp_path / "test", {one: 1})
    listing = list_folders(tmp_path)
    assert len(listing.class_names) == 2
    assert [len(part.labels) for part in listing.parts] == ([3, 1] if where == "same part" else [2, 1])
    assert "differ by blanks or by the encoding of accents alone" in listing.notes[0]


@pytest.mark.parametrize("part", ["train", "test"])
def test_class_folders_that_differ_by_case_alone_are_refused(tmp_path: Path, part: str) -> None:
    two(tmp_path / "train")
    two(tmp_path / "test")
    save_class_folders(tmp_path / part, {"Cat": 1})
    with pytest.raises(InvalidData, match="class folders 'Cat' and 'cat' differ by case alone"):
        list_folders(tmp_path)


def test_names_that_are_no_utf8_can_be_printed_and_their_files_opened(tmp_path: Path) -> None:
    for part in ("train", "test"):
        for name in (b"\xc4\xf1", b"\xb9\xb7"):
            save_image(tmp_path / part / os.fsdecode(name) / os.fsdecode(b"\xff.png"))
    listing = list_folders(tmp_path)
    assert listing.class_names == (r"\xb9\xb7", r"\xc4\xf1")
    assert listing.parts[1].ids == (r"test/\xb9\xb7/\xff.png", r"test/\xc4\xf1/\xff.png")
    assert listing.raw("x").train.images[1].size == (12, 12)
    for text in (*listing.class_names, *listing.parts[0].ids, *listing.notes):
        text.encode()
    assert listing.fingerprint(tmp_path.parent / "memo") == list_folders(tmp_path).fingerprint(tmp_path / "other memo")


def test_linked_parts_and_classes_are_read_and_have_their_own_fingerprint(tmp_path: Path) -> None:
    """Else another data set with the same names would be taken for it."""
    found = []
    for name, shift in (("one", 0), ("two", 1)):
        store, root = tmp_path / f"store {name}", tmp_path / name
        root.mkdir()
        for part in ("train", "test"):
            for label, kind in enumerate(("cat", "dog")):
                save_image(store / part / kind / "0.png", shade=100 * label + shift)
        (root / "train").symlink_to(store / "train")
        (root / "test").mkdir()
        for kind in ("cat", "dog"):
            (root / "test" / kind).symlink_to(store / "test" / kind)
        found.append(list_folders(root))
    assert ids(found[0]) == ids(found[1])
    assert [len(part.paths) for part in found[0].parts] == [2, 2]
    assert len({listing.fingerprint(tmp_path / "memo") for listing in found}) == 2


def test_nothing_that_lies_below_a_class_vanishes_unsaid(tmp_path: Path) -> None:
    """Taken, or told with its reason."""
    save_class_folders(tmp_path / "train", {"red": 3, "blue": 3})
    save_class_folders(tmp_path / "test", {"red": 1, "blue": 1})
    red = tmp_path / "train" / "red"
    for number in range(2):
        Image.new("L", (4, 4)).save(red / f"web{number}.jfif", "JPEG")
    Image.new("L", (4, 4)).save(red / "none", "JPEG")
    (red / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic")
    save_image(tmp_path.parent / "elsewhere" / "more.png")
    (red / "more").symlink_to(tmp_path.parent / "elsewhere")
    (red / "broken.png").symlink_to("/mnt/gone/a.png")
    listing = list_folders(tmp_path)
    assert listing.parts[0].labels.count(1) == 3 + 2 + 1 + 1
    assert [note.partition(":")[0] for note in listing.notes] == [
        "taken by their first bytes, with an unusual ending",
        "followed, linked folders",
        "left out, of a kind that is not read here",
        "left out, links that lead nowhere",
    ]


@pytest.mark.parametrize("empty", [".", "train"])
def test_a_folder_without_anything_is_refused(tmp_path: Path, empty: str) -> None:
    (tmp_path / empty).mkdir(exist_ok=True)
    with pytest.raises(InvalidData, match="no class folders"):
        list_folders(tmp_path)


def test_the_folders_of_parts_are_found_in_any_spelling(tmp_path: Path) -> None:
    for name in ("Training", "eval", "cat"):
        (tmp_path / name).mkdir()
    assert part_folders(Search(tmp_path), tmp_path) == {"train": "Training", "val": "eval"}
