"""Data sets that torchvision knows: a copy in folders is taken, and what is not there is said with a remedy."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
from torchvision import datasets

from bench.catalog import DATASETS
from bench.contracts.data import Places
from bench.data.torchvision_sets import Examples, TorchvisionSet
from bench.errors import InvalidData, Unavailable
from bench.schema import Choice
from bench.suites.choices import make
from tests.material.examples import save_class_folders, save_image


def cifar10() -> TorchvisionSet:
    found: TorchvisionSet = make(DATASETS, Choice("cifar10"))
    return found


def a_copy(data_dir: Path) -> Places:
    save_class_folders(data_dir / "cifar10" / "train", {"airplane": 3, "bird": 2})
    save_class_folders(data_dir / "cifar10" / "test", {"airplane": 1, "bird": 1})
    return Places(data_dir, None, data_dir.parent / "cache")


def no_download(monkeypatch: pytest.MonkeyPatch, cls: str, error: Exception) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(datasets, cls, fail)


class FakeSet:
    """Like a class of torchvision, with three images per part."""

    def __init__(self, root: str, download: bool, train: bool = True, split: str | None = None) -> None:
        assert download
        shift = 0 if train and split in (None, "train") else 100
        self.images = [np.full((4, 4), shift + i, np.uint8) for i in range(3)]
        self.targets = [0, 1, 0]

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> tuple[Any, int]:
        from PIL import Image

        return Image.fromarray(self.images[index]), self.targets[index]


def test_a_copy_in_class_folders_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_download(monkeypatch, "CIFAR10", AssertionError("torchvision is asked"))
    raw = cifar10().load(a_copy(tmp_path / "data"))
    assert raw.test is not None
    assert raw.class_names == ("airplane", "bird")
    assert (len(raw.train.labels), len(raw.test.labels)) == (5, 2)


def test_a_copy_with_training_images_only_is_parted(tmp_path: Path) -> None:
    save_class_folders(tmp_path / "cifar10" / "train", {"airplane": 10, "bird": 10})
    raw = cifar10().load(Places(tmp_path, None, tmp_path / "cache"))
    assert raw.test is not None
    assert (len(raw.train.labels), len(raw.test.labels)) == (16, 4)


def test_the_fingerprint_of_a_copy_is_of_its_contents(tmp_path: Path) -> None:
    here, there = a_copy(tmp_path / "here" / "data"), a_copy(tmp_path / "there" / "data")
    assert cifar10().fingerprint(here) == cifar10().fingerprint(there) is not None
    (tmp_path / "here" / "data" / "cifar10" / "train" / "bird" / "0.png").unlink()
    assert cifar10().fingerprint(here) != cifar10().fingerprint(there)


def test_what_is_not_there_has_no_fingerprint(tmp_path: Path) -> None:
    assert cifar10().fingerprint(Places(tmp_path, None, tmp_path / "cache")) is None
    assert cifar10().fingerprint(Places(None, None, tmp_path / "cache")) is None


@pytest.mark.parametrize(
    "error",
    [RuntimeError("File not found or corrupted."), URLError("no network"), ConnectionResetError(), RuntimeError("")],
    ids=["corrupted", "no network", "reset", "silent"],
)
def test_without_data_and_network_it_is_unavailable_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    no_download(monkeypatch, "CIFAR10", error)
    with pytest.raises(Unavailable, match=r"^cifar10: not in .*cifar10/\{train,test\}/<class>/\*\.png .*--data-dir"):
        cifar10().load(Places(tmp_path, None, tmp_path / "cache"))


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "cifar10").touch()
    with pytest.raises(Unavailable, match="cifar10: not in"):
        cifar10().load(Places(tmp_path, None, tmp_path / "cache"))


def test_the_official_files_come_before_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = a_copy(tmp_path / "data")
    before = cifar10().fingerprint(places)
    (tmp_path / "data" / "cifar-10-batches-py").mkdir()
    (tmp_path / "data" / "cifar-10-batches-py" / "data_batch_1").write_bytes(b"batch")
    monkeypatch.setattr(datasets, "CIFAR10", FakeSet)
    raw = cifar10().load(places)
    assert cifar10().fingerprint(places) != before
    assert list(raw.train.ids) == ["train/0", "train/1", "train/2"]


def test_train_and_test_come_from_their_own_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "CIFAR10", FakeSet)
    raw = cifar10().load(Places(tmp_path, None, tmp_path / "cache"))
    assert raw.test is not None
    assert [raw.train.images[i].getpixel((0, 0)) for i in range(3)] == [0, 1, 2]
    assert [raw.test.images[i].getpixel((0, 0)) for i in range(3)] == [100, 101, 102]
    assert raw.class_names == ("0", "1")
    assert not set(raw.train.ids) & set(raw.test.ids)


def test_several_parts_are_one_after_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "CIFAR10", FakeSet)
    training, testing = ({"split": "train"}, {"split": "val"}), ({"train": False},)
    raw = TorchvisionSet("mine", "CIFAR10", "x", training, testing).load(Places(tmp_path, None, tmp_path / "cache"))
    assert [raw.train.images[i].getpixel((0, 0)) for i in range(6)] == [0, 1, 2, 100, 101, 102]
    assert raw.train.labels.tolist() == [0, 1, 0, 0, 1, 0]


def test_an_example_past_the_end_is_refused() -> None:
    examples = Examples((FakeSet("", True), FakeSet("", True, train=False)))
    assert len(examples) == 6
    with pytest.raises(IndexError):
        examples[6]


def test_a_set_of_one_part_is_parted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Larger(FakeSet):
        def __init__(self, root: str, download: bool) -> None:
            super().__init__(root, download)
            self.images, self.targets = self.images * 10, self.targets * 10

        def __len__(self) -> int:
            return 30

    monkeypatch.setattr(datasets, "EuroSAT", Larger)
    raw = make(DATASETS, Choice("eurosat")).load(Places(tmp_path, None, tmp_path / "cache"))
    assert raw.test is not None
    assert (len(raw.train.labels), len(raw.test.labels)) == (24, 6)
    assert raw.notes[0].startswith("no test split: 6 of 30")


@pytest.mark.parametrize("name", sorted(set(DATASETS.names()) - {"digits", "glyphs", "image_folder"}))
def test_every_set_of_the_catalogue_is_a_class_of_torchvision(name: str) -> None:
    found = make(DATASETS, Choice(name))
    assert issubclass(getattr(datasets, found.cls), datasets.VisionDataset)
    assert found.name == name


def test_the_real_copy_of_cifar10_has_ten_classes(tmp_path: Path) -> None:
    folder = os.environ.get("BENCH_DATA_DIR")
    if folder is None or not (Path(folder) / "cifar10").is_dir():
        pytest.skip("no images: set BENCH_DATA_DIR to the folder that holds cifar10/{train,test}/<class>/*.png")
    raw = cifar10().load(Places(Path(folder), None, tmp_path / "cache"))
    assert raw.test is not None
    assert len(raw.class_names) == 10
    assert (len(raw.train.labels), len(raw.test.labels)) == (4000, 820)
    assert raw.train.images[0].size == (32, 32)


def test_a_linked_copy_is_read_and_has_a_fingerprint_of_its_own(tmp_path: Path) -> None:
    """Also where its folders are called in another way."""
    found = []
    for name, shift in (("one", 0), ("two", 1)):
        for part, linked in (("train", "Training"), ("test", "Testing")):
            for label, kind in enumerate(("airplane", "bird")):
                save_image(tmp_path / name / part / kind / "0.png", shade=60 * label + shift)
            link = tmp_path / f"data {name}" / "cifar10" / linked
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(tmp_path / name / part)
        places = Places(tmp_path / f"data {name}", None, tmp_path / "cache")
        assert list(cifar10().load(places).train.ids) == ["Training/airplane/0.png", "Training/bird/0.png"]
        found.append(cifar10().fingerprint(places))
    assert None not in found
    assert found[0] != found[1]


def test_linked_official_files_have_a_fingerprint_of_their_own(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "data_batch_1").write_text(name)
        root = tmp_path / f"data {name}"
        root.mkdir()
        (root / "cifar-10-batches-py").symlink_to(tmp_path / name)
        found.append(cifar10().fingerprint(Places(root, None, tmp_path / "cache")))
    assert None not in found
    assert found[0] != found[1]


def test_an_empty_folder_of_official_files_is_none(tmp_path: Path) -> None:
    """The copy beside it is taken."""
    places = a_copy(tmp_path / "data")
    before = cifar10().fingerprint(places)
    (tmp_path / "data" / "cifar-10-batches-py").mkdir()
    assert cifar10().fingerprint(places) == before is not None
    assert len(cifar10().load(places).train.labels) == 5


@pytest.mark.parametrize("cls", ["folder", "__builtins__", "utils", "Nothing"])
def test_only_a_data_set_of_torchvision_is_made(tmp_path: Path, cls: str) -> None:
    """Whoever names this class by its place says which: what else hangs on that module is never called."""
    with pytest.raises(InvalidData, match=f"torchvision has no data set {cls}"):
        replace(cifar10(), cls=cls).load(Places(None, None, tmp_path))
