"""Class folders and manifests, as they lie on a disk."""

from pathlib import Path

import pytest

from bench.contracts.data import Split
from bench.data.folders import ImageFiles, check_classes, class_folders, image_files, read_class_folders, read_manifest
from bench.errors import InvalidData
from tests.material.examples import save_class_folders, save_image


def manifest_of(folder: Path, text: str) -> Path:
    for name in ("a.png", "b.png"):
        save_image(folder / name)
    (folder / "manifest.csv").write_text(text, encoding="utf-8")
    return folder / "manifest.csv"


def test_images_are_opened_when_they_are_asked_for(tmp_path: Path) -> None:
    images = ImageFiles((save_image(tmp_path / "a.png", 7), tmp_path / "missing.png"))
    assert len(images) == 2
    assert images[0].getpixel((0, 0)) == (7, 7, 7)
    with pytest.raises(FileNotFoundError):
        images[1]


def test_image_files_are_found_at_any_depth_in_order_whatever_their_case(tmp_path: Path) -> None:
    for name in ("b.PNG", "deep/down/a.jpeg", "a.png"):
        save_image(tmp_path / name)
    (tmp_path / "notes.txt").touch()
    assert [path.relative_to(tmp_path).as_posix() for path in image_files(tmp_path)] == [
        "a.png",
        "b.PNG",
        "deep/down/a.jpeg",
    ]


def test_hidden_files_and_folders_are_left_out(tmp_path: Path) -> None:
    for name in (".hidden.png", ".cache/a.png", "cat/._a.png", "cat/a.png"):
        save_image(tmp_path / name)
    (tmp_path / "file").touch()
    assert [path.name for path in image_files(tmp_path)] == ["a.png"]
    assert class_folders(tmp_path) == ["cat"]


def test_a_folder_named_like_an_image_is_none(tmp_path: Path) -> None:
    save_image(tmp_path / "cat.png" / "a.png")
    assert [path.name for path in image_files(tmp_path)] == ["a.png"]


def test_labels_follow_the_class_names_and_ids_the_root(tmp_path: Path) -> None:
    save_class_folders(tmp_path / "train", {"cat": 2, "dog": 1})
    split = read_class_folders(tmp_path, tmp_path / "train", ["dog", "cat", "owl"])
    assert split.labels.tolist() == [0, 1, 1]
    assert list(split.ids) == ["train/dog/0.png", "train/cat/0.png", "train/cat/1.png"]


def test_a_manifest_is_read_with_its_optional_columns(tmp_path: Path) -> None:
    first, second = read_manifest(manifest_of(tmp_path, "label,path,group,split\ncat,a.png,one, Train \ndog,b.png,,\n"))
    assert (first.path, first.label, first.split, first.group) == (tmp_path / "a.png", "cat", "train", "one")
    assert (second.label, second.split, second.group) == ("dog", None, None)


def test_a_manifest_of_a_spreadsheet_is_read(tmp_path: Path) -> None:
    (row,) = read_manifest(manifest_of(tmp_path, '\ufeffpath,label\r\na.png,"big, cat"\r\n'))
    assert row.label == "big, cat"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", r"manifest\.csv:1: no column path and label"),
        ("path,class\na.png,cat\n", r"manifest\.csv:1: no column label; write path,label"),
        ("path,label\n", r"manifest\.csv: no images; add lines"),
        ("path,label\na.png,cat\nc.png,dog\n", r"manifest\.csv:3: no file .*c\.png; correct the path"),
        ("path,label\na.png,cat\n\nc.png,dog\n", r"manifest\.csv:4: no file .*c\.png"),
        ('path,label\na.png,"two\nlines"\nc.png,dog\n', r"manifest\.csv:4: no file .*c\.png"),
        ("path,label\na.png,\n", r"manifest\.csv:2: path or label is empty"),
        ("path,label\na.png\n", r"manifest\.csv:2: path or label is empty"),
        ("path,label,split\na.png,cat,training\n", r"manifest\.csv:2: split 'training'; write train, val or test"),
        ("path,label\na.png,cat\nb.png,dog\na.png,dog\n", r"manifest\.csv:4: .*a\.png.*line 2"),
    ],
)
def test_a_mistake_in_a_manifest_is_named_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(InvalidData, match=problem):
        read_manifest(manifest_of(tmp_path, text))


def test_a_manifest_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    manifest_of(tmp_path, "").write_bytes("path,label\na.png,käse\n".encode("latin-1"))
    with pytest.raises(InvalidData, match=r"manifest\.csv"):
        read_manifest(tmp_path / "manifest.csv")


def split_of(folder: Path, classes: dict[str, int]) -> Split:
    return read_class_folders(folder, save_class_folders(folder, classes), sorted(classes))


@pytest.mark.parametrize(
    ("names", "counts", "problem"),
    [
        ([], {}, "here: no class folders; a classifier needs at least two"),
        (["cat"], {"cat": 3}, "here: only one class, 'cat'; a classifier needs at least two"),
        (["cat", "dog", "owl"], {"cat": 1}, "here: no training images of class dog, owl; add images or remove"),
    ],
)
def test_what_nobody_can_learn_from_is_refused(
    tmp_path: Path, names: list[str], counts: dict[str, int], problem: str
) -> None:
    with pytest.raises(InvalidData, match=problem):
        check_classes("here", names, split_of(tmp_path, counts), None)


def test_an_empty_test_split_is_refused(tmp_path: Path) -> None:
    train = split_of(tmp_path / "train", {"cat": 1, "dog": 1})
    test = split_of(tmp_path / "test", {})
    with pytest.raises(InvalidData, match="here: the test split holds no images"):
        check_classes("here", ["cat", "dog"], train, test)
