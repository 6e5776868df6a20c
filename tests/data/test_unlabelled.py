"""Folders of images without classes."""

from pathlib import Path

import pytest

from bench.contracts.data import RawData
from bench.data.unlabelled import fingerprint_unlabelled, read_unlabelled
from bench.errors import InvalidData
from tests.material.examples import save_class_folders, save_image


def read(root: Path) -> RawData:
    raw = read_unlabelled(root)
    assert raw is not None
    return raw


def test_images_are_found_at_any_depth(tmp_path: Path) -> None:
    """Named by their path, all of one class, none of them for testing."""
    for name in ("b.png", "deep/deeper/a.png", "deep/c.png"):
        save_image(tmp_path / name)
    raw = read(tmp_path)
    assert raw.train.ids == ("b.png", "deep/c.png", "deep/deeper/a.png")
    assert (raw.class_names, raw.train.labels.tolist()) == (("unlabelled",), [0, 0, 0])
    assert len(raw.train.images) == 3
    assert raw.train.images[0].size == raw.train.images[2].size
    assert raw.test is not None
    assert (len(raw.test.images), len(raw.test.labels), len(raw.test.ids)) == (0, 0, 0)


def test_of_a_folder_train_nothing_else_is_read(tmp_path: Path) -> None:
    """Neither its test images nor what lies beside it."""
    for name in ("train/a.png", "test/b.png", "val/c.png", "d.png"):
        save_image(tmp_path / name)
    assert read(tmp_path).train.ids == ("train/a.png",)


@pytest.mark.parametrize("inside", [".", "train"])
def test_one_folder_alone_tells_no_classes(tmp_path: Path, inside: str) -> None:
    """Two do: then it is read as class folders are."""
    save_class_folders(tmp_path / inside, {"some": 2})
    assert len(read(tmp_path).train.ids) == 2
    save_class_folders(tmp_path / inside, {"some": 2, "others": 1})
    assert read_unlabelled(tmp_path) is None


@pytest.mark.parametrize("name", ["test/a.png", "val/a.png", "manifest.csv"])
def test_what_is_parted_or_told_by_a_manifest_is_read_as_one_with_classes(tmp_path: Path, name: str) -> None:
    """Of a test split a part has to be left out, which is done there."""
    save_image(tmp_path / "some" / "image.png")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"")
    assert read_unlabelled(tmp_path) is None


@pytest.mark.parametrize("inside", [".", "train"])
def test_a_folder_without_images_is_refused(tmp_path: Path, inside: str) -> None:
    """And named."""
    (tmp_path / inside).mkdir(exist_ok=True)
    (tmp_path / inside / "notes.txt").write_text("no image")
    with pytest.raises(InvalidData, match=r"no images; put some there") as refused:
        read_unlabelled(tmp_path)
    assert str(refused.value).startswith(str(tmp_path / inside))


def test_the_fingerprint_is_of_what_is_read_and_of_nothing_else(tmp_path: Path) -> None:
    """Also behind links; neither test images nor what lies beside them."""
    root, memo = tmp_path / "root", tmp_path / "memo"
    save_image(tmp_path / "store" / "a.png", shade=1)
    root.mkdir()
    (root / "train").symlink_to(tmp_path / "store")
    save_image(root / "test" / "b.png")
    first = fingerprint_unlabelled(root, memo)
    assert first is not None
    save_image(root / "test" / "b.png", shade=7)
    assert fingerprint_unlabelled(root, memo) == first
    save_image(tmp_path / "store" / "a.png", shade=2)
    assert fingerprint_unlabelled(root, memo) not in (None, first)
    save_class_folders(tmp_path / "store", {"some": 1, "others": 1})
    assert fingerprint_unlabelled(root, memo) is None


def test_a_folder_for_training_is_found_in_any_spelling_and_it_is_said(tmp_path: Path) -> None:
    for name in ("Training/a.png", "Testing/b.png"):
        save_image(tmp_path / name)
    raw = read(tmp_path)
    assert raw.train.ids == ("Training/a.png",)
    assert raw.notes == ("Training/ is taken for training",)


def test_what_is_not_taken_is_told(tmp_path: Path) -> None:
    save_image(tmp_path / "a.png")
    (tmp_path / "b.heic").touch()
    assert read(tmp_path).notes == ("left out, of a kind that is not read here: 1 (b.heic)",)
