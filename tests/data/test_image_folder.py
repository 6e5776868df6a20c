"""The user's own images, however they are laid out."""

import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from bench.contracts.data import Places, RawData
from bench.data.decode import decode
from bench.data.image_folder import ImageFolder
from bench.data.transforms import Geometry
from bench.errors import InvalidData, Unavailable
from tests.material.examples import save_class_folders, save_image


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder


def places_of(data: Path | None) -> Places:
    return Places(data, None, (data.parent if data else Path("/nowhere")) / "cache")


def load(data: Path, **parameters: str) -> RawData:
    return ImageFolder(**parameters).load(places_of(data))


def fingerprint(data: Path) -> str | None:
    return ImageFolder().fingerprint(places_of(data))


def ids(raw: RawData) -> tuple[list[str], list[str]]:
    assert raw.test is not None
    return sorted(raw.train.ids), sorted(raw.test.ids)


def write_manifest(data: Path, *lines: str) -> None:
    (data / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize("test_name", ["test", "val"])
def test_class_folders_below_train_and_test_or_val(data: Path, test_name: str) -> None:
    save_class_folders(data / "train", {"cat": 3, "dog": 2})
    save_class_folders(data / test_name, {"cat": 1, "dog": 1})
    raw = load(data)
    assert raw.class_names == ("cat", "dog")
    assert raw.train.labels.tolist() == [0, 0, 0, 1, 1]
    assert ids(raw)[1] == [f"{test_name}/cat/0.png", f"{test_name}/dog/0.png"]
    assert raw.notes == (() if test_name == "test" else ("val/ is taken for testing",))
    assert raw.validation is None


def test_val_beside_test_is_left_out_and_it_is_said(data: Path) -> None:
    for name in ("train", "val", "test"):
        save_class_folders(data / name, {"cat": 2, "dog": 2})
    raw = load(data)
    assert all(name.startswith("test/") for name in ids(raw)[1])
    assert raw.notes == (
        "val/ is left out: validation comes out of the label budget; `validation: own` in the suite selects on it",
    )
    assert raw.validation is not None
    assert list(raw.validation.ids) == [f"val/{name}/{i}.png" for name in ("cat", "dog") for i in range(2)]


@pytest.mark.parametrize("only", ["train", "val", "test", "."])
def test_of_a_single_part_a_stratified_fifth_is_held_out(data: Path, only: str) -> None:
    save_class_folders(data / only, {"cat": 10, "dog": 20})
    raw = load(data)
    train, test = ids(raw)
    assert raw.test is not None
    assert (raw.test.labels == 0).sum() == 2
    assert (raw.test.labels == 1).sum() == 4
    assert len({*train, *test}) == 30
    assert raw.notes[0] == "no test split: 6 of 30 images held out, stratified"
    assert raw.notes[1:] == ((f"{only}/ is taken for training",) if only in ("val", "test") else ())


def test_images_are_those_that_their_ids_name(data: Path) -> None:
    save_class_folders(data, {"cat": 10, "dog": 10})
    raw = load(data)
    assert raw.test is not None
    for split in (raw.train, raw.test):
        for position, name in enumerate(split.ids):
            label, number = name.split("/")
            assert split.labels[position] == ("cat", "dog").index(label)
            shade = 40 * int(split.labels[position]) + 3 * int(number.removesuffix(".png"))
            assert split.images[position].getpixel((0, 0)) == (shade,) * 3


def test_the_same_contents_are_parted_alike_whatever_the_folder_is_called(data: Path) -> None:
    save_class_folders(data, {"cat": 20, "dog": 20})
    moved = data.parent / "elsewhere" / "pictures"
    shutil.copytree(data, moved)
    assert fingerprint(data) == fingerprint(moved)
    assert ids(load(data)) == ids(load(moved))


def test_a_class_that_only_the_test_split_has_is_refused(data: Path) -> None:
    save_class_folders(data / "train", {"cat": 2, "dog": 2})
    save_class_folders(data / "test", {"cat": 1, "dog": 1, "owl": 1})
    with pytest.raises(InvalidData, match="no training images of class owl"):
        load(data)


def test_an_empty_class_folder_is_refused(data: Path) -> None:
    save_class_folders(data / "train", {"cat": 2, "dog": 2})
    (data / "train" / "owl").mkdir()
    with pytest.raises(InvalidData, match="train: no training images of class owl; add images, or remove"):
        load(data)


def test_one_class_only_is_refused(data: Path) -> None:
    save_class_folders(data / "train", {"cat": 5})
    with pytest.raises(InvalidData, match="only one class, 'cat'"):
        load(data)


@pytest.mark.parametrize("name", ["train", "."])
def test_a_folder_without_class_folders_is_refused(data: Path, name: str) -> None:
    save_image(data / name / "a.png")
    with pytest.raises(InvalidData, match="no class folders"):
        load(data)


def test_a_subfolder_can_be_named(data: Path) -> None:
    save_class_folders(data / "deep" / "train", {"cat": 10, "dog": 10})
    assert len(load(data, subfolder="deep").train.labels) == 16


def test_a_manifest_names_the_splits(data: Path) -> None:
    for name in "abcd":
        save_image(data / f"{name}.png")
    write_manifest(data, "path,label,split", "a.png,cat,train", "b.png,dog,train", "c.png,cat,test", "d.png,dog,test")
    assert ids(load(data)) == (["a.png", "b.png"], ["c.png", "d.png"])


def test_a_manifest_is_taken_in_place_of_folders(data: Path) -> None:
    save_class_folders(data / "train", {"cat": 5, "dog": 5})
    lines = [f"train/cat/{i}.png,left" for i in range(5)] + [f"train/dog/{i}.png,right" for i in range(5)]
    write_manifest(data, "path,label", *lines)
    assert load(data).class_names == ("left", "right")


def test_a_manifest_without_splits_is_parted(data: Path) -> None:
    save_class_folders(data, {"cat": 10, "dog": 10})
    lines = [f"{label}/{i}.png,{label}" for label in ("cat", "dog") for i in range(10)]
    write_manifest(data, "path,label", *lines)
    raw = load(data)
    assert (len(raw.train.labels), raw.train.groups) == (16, None)
    assert raw.notes == ("no test split: 4 of 20 images held out, stratified",)


def test_groups_of_a_manifest_are_never_parted(data: Path) -> None:
    save_class_folders(data, {"cat": 20, "dog": 20})
    lines = [f"{label}/{i}.png,{label},{label} {i // 4}" for label in ("cat", "dog") for i in range(20)]
    write_manifest(data, "path,label,group", *lines)
    raw = load(data)
    assert raw.test is not None
    assert len(raw.test.labels) > 0
    assert not set(raw.train.groups or ()) & set(raw.test.groups or ())


def test_an_image_without_a_group_is_a_group_of_its_own(data: Path) -> None:
    save_class_folders(data, {"cat": 10, "dog": 10})
    lines = [f"{label}/{i}.png,{label},{'all' if i < 2 else ''}" for label in ("cat", "dog") for i in range(10)]
    write_manifest(data, "path,label,group", *lines)
    raw = load(data)
    assert raw.test is not None
    assert len({*(raw.train.groups or ()), *(raw.test.groups or ())}) == 17


def test_a_group_on_both_sides_is_refused(data: Path) -> None:
    save_class_folders(data, {"cat": 2, "dog": 2})
    write_manifest(
        data,
        "path,label,split,group",
        "cat/0.png,cat,train,tom",
        "dog/0.png,dog,train,rex",
        "cat/1.png,cat,test,tom",
        "dog/1.png,dog,test,max",
    )
    with pytest.raises(InvalidData, match="group 'tom' stands in train and in test"):
        load(data)


def test_val_rows_beside_test_rows_are_left_out_and_it_is_said(data: Path) -> None:
    save_class_folders(data, {"cat": 3, "dog": 3})
    lines = [f"{x}/{i}.png,{x},{split}" for x in ("cat", "dog") for i, split in enumerate(("train", "val", "test"))]
    write_manifest(data, "path,label,split", *lines)
    raw = load(data)
    assert ids(raw) == (["cat/0.png", "dog/0.png"], ["cat/2.png", "dog/2.png"])
    assert any("left out" in note for note in raw.notes)


def test_a_file_that_a_manifest_names_and_that_is_missing_is_named_with_its_line(data: Path) -> None:
    save_image(data / "a.png")
    write_manifest(data, "path,label", "a.png,cat", "gone.png,dog")
    with pytest.raises(InvalidData, match=r"manifest\.csv:3: no file .*gone\.png"):
        load(data)


@pytest.mark.parametrize("contents", [b"", b"no image", b"\x89PNG\r\n\x1a\n cut"])
def test_a_corrupt_image_is_named_when_the_data_are_decoded(data: Path, contents: bytes) -> None:
    save_class_folders(data / "train", {"cat": 3, "dog": 3})
    save_class_folders(data / "test", {"cat": 1, "dog": 1})
    (data / "train" / "dog" / "1.png").write_bytes(contents)
    with pytest.raises(InvalidData, match=r"1 image can't be read: train/dog/1\.png .*repair or remove"):
        decode(load(data), "key", Geometry(8, None, "bilinear"), data.parent / "cache", lambda *_: None)


def test_the_fingerprint_changes_with_a_files_contents_or_name(data: Path) -> None:
    save_class_folders(data, {"cat": 2, "dog": 2})
    found = [fingerprint(data)]
    save_image(data / "cat" / "0.png", shade=250)
    os.utime(data / "cat" / "0.png", ns=(1, 1))
    found.append(fingerprint(data))
    (data / "cat" / "0.png").rename(data / "dog" / "2.png")
    found.append(fingerprint(data))
    assert len(set(found)) == 3
    assert fingerprint(data) == found[-1]


def test_the_fingerprint_of_a_manifest_changes_with_its_rows_and_images(data: Path) -> None:
    save_class_folders(data, {"cat": 2, "dog": 2})
    write_manifest(data, "path,label", "cat/0.png,cat", "dog/0.png,dog")
    found = [fingerprint(data)]
    write_manifest(data, "path,label", "cat/0.png,dog", "dog/0.png,cat")
    found.append(fingerprint(data))
    save_image(data / "dog" / "0.png", shade=250)
    os.utime(data / "dog" / "0.png", ns=(1, 1))
    found.append(fingerprint(data))
    assert len(set(found)) == 3


@pytest.mark.parametrize(("folder", "remedy"), [(None, "--data-dir FOLDER"), ("gone", "the folder that holds train/")])
def test_a_folder_that_is_not_there_is_unavailable_with_a_remedy(
    tmp_path: Path, folder: str | None, remedy: str
) -> None:
    places = places_of(tmp_path / folder if folder else None)
    assert ImageFolder().fingerprint(places) is None
    with pytest.raises(Unavailable, match=remedy):
        ImageFolder().load(places)


@pytest.mark.parametrize("manifest", [False, True])
def test_images_swapped_between_classes_with_their_sizes_and_times_are_noticed(data: Path, manifest: bool) -> None:
    """As an archive of equal times leaves them; the memo of digests is that of before."""
    for name in ("cat", "dog"):
        Image.new("L", (8, 8), 40 if name == "cat" else 90).save(make(data / name) / "0.bmp")
        os.utime(data / name / "0.bmp", ns=(10**18, 10**18))
    if manifest:
        write_manifest(data, "path,label", "cat/0.bmp,cat", "dog/0.bmp,dog")
    before = fingerprint(data)
    (data / "cat" / "0.bmp").rename(data / "aside")
    (data / "dog" / "0.bmp").rename(data / "cat" / "0.bmp")
    (data / "aside").rename(data / "dog" / "0.bmp")
    assert fingerprint(data) != before


def make(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_a_manifest_that_the_suite_names_and_that_is_missing_is_never_replaced_by_folders(data: Path) -> None:
    save_class_folders(data, {"cat": 5, "dog": 5})
    with pytest.raises(Unavailable, match=r"mine\.csv: no such file; correct `manifest`"):
        load(data, manifest="mine.csv")
    assert ImageFolder(manifest="mine.csv").fingerprint(places_of(data)) is None


def test_a_manifest_is_taken_whatever_the_case_of_its_name(data: Path) -> None:
    save_class_folders(data / "train", {"cat": 5, "dog": 5})
    lines = [f"train/cat/{i}.png,left" for i in range(5)] + [f"train/dog/{i}.png,right" for i in range(5)]
    write_manifest(data, "path,label", *lines)
    first = list(load(data).train.ids)
    (data / "manifest.csv").rename(data / "MANIFEST.csv")
    assert load(data).class_names == ("left", "right")
    assert list(load(data).train.ids) == first


def test_a_layout_that_nobody_can_tell_has_no_fingerprint_but_an_error(data: Path) -> None:
    """So that every verb that looks at the data names it."""
    save_class_folders(data, {"train": 2, "cat": 2})
    with pytest.raises(InvalidData, match="train/ beside cat/"):
        fingerprint(data)
