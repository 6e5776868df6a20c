"""Data that are decoded once and mapped by every cell."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.contracts.data import Places, RawData, Split
from bench.data.decode import Decoded, decode
from bench.data.digits import ArrayImages, Digits
from bench.data.holding_out import with_test_split
from bench.data.transforms import Geometry
from bench.errors import InvalidData

SMALL = Geometry(12, None, "bilinear")


def split_of(name: str, count: int, groups: Sequence[str] | None = None) -> Split:
    pixels = np.random.default_rng(count).integers(0, 256, (count, 12, 12), dtype=np.uint8)
    labels = np.arange(count, dtype=np.int64) % 3
    return Split(ArrayImages(pixels), labels, [f"{name}/{i}" for i in range(count)], groups)


def raw_of(groups: Sequence[str] | None = None) -> RawData:
    return RawData(("a", "b", "c"), split_of("train", 7, groups), split_of("test", 4), ("mended",))


def decoded(folder: Path, raw: RawData, fingerprint: str = "key", geometry: Geometry = SMALL) -> Decoded:
    return decode(raw, fingerprint, geometry, folder, lambda *_: None)


def test_pixels_labels_and_names_are_those_of_the_source(tmp_path: Path) -> None:
    raw = raw_of(groups=list("aabbccd"))
    train = decoded(tmp_path, raw).split("train")
    assert (train.images.shape, train.images.dtype) == ((7, 12, 12, 3), np.uint8)
    for index in range(7):
        assert (train.images[index] == np.asarray(raw.train.images[index].convert("RGB"))).all()
    assert train.labels.tolist() == raw.train.labels.tolist()
    assert train.ids == tuple(raw.train.ids)
    assert train.groups == tuple("aabbccd")


def test_images_are_mapped_and_cannot_be_changed(tmp_path: Path) -> None:
    images = decoded(tmp_path, raw_of()).split("test").images
    assert isinstance(images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 0


def test_data_without_groups_stay_without(tmp_path: Path) -> None:
    assert decoded(tmp_path, raw_of()).split("train").groups is None


def test_class_names_and_notes_are_kept(tmp_path: Path) -> None:
    about = decoded(tmp_path, raw_of()).about
    assert (about["class_names"], about["notes"]) == (["a", "b", "c"], ["mended"])


def test_data_are_decoded_once_per_contents_and_geometry(tmp_path: Path) -> None:
    class Unreadable(ArrayImages):
        def __getitem__(self, index: int) -> Image.Image:
            raise OSError("opened again")

    first = decoded(tmp_path, raw_of())
    shut = Split(Unreadable(np.zeros((7, 12, 12), np.uint8)), raw_of().train.labels, raw_of().train.ids)
    again = RawData(("a", "b", "c"), shut, raw_of().test)
    assert decoded(tmp_path, again) == first
    for other in ({"fingerprint": "other"}, {"geometry": Geometry(16, None, "bilinear")}):
        with pytest.raises(InvalidData, match="7 images can't be read"):
            decoded(tmp_path, again, **other)


def test_unreadable_images_are_counted_and_the_first_five_named(tmp_path: Path) -> None:
    class Broken(ArrayImages):
        def __getitem__(self, index: int) -> Image.Image:
            if index % 2:
                raise OSError("truncated")
            return super().__getitem__(index)

    train = Split(Broken(np.zeros((16, 12, 12), np.uint8)), np.arange(16) % 3, [f"{i:02}.png" for i in range(16)])
    raw = RawData(("a", "b", "c"), train, split_of("test", 4))
    with pytest.raises(InvalidData) as refused:
        decoded(tmp_path, raw)
    assert str(refused.value).startswith("8 images can't be read: 01.png (truncated); 03.png (truncated); ")
    assert str(refused.value).endswith("09.png (truncated); and 3 more; repair or remove them")


def test_data_that_could_not_be_decoded_are_tried_again(tmp_path: Path) -> None:
    class Killed(ArrayImages):
        def __getitem__(self, index: int) -> Image.Image:
            raise RuntimeError("killed")

    train = Split(Killed(np.zeros((7, 12, 12), np.uint8)), raw_of().train.labels, raw_of().train.ids)
    with pytest.raises(RuntimeError, match="killed"):
        decoded(tmp_path, RawData(("a", "b", "c"), train, split_of("test", 4)))
    assert len(decoded(tmp_path, raw_of()).split("train").labels) == 7


def test_progress_reaches_the_number_of_images(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    decode(raw_of(), "key", SMALL, tmp_path, lambda *step: seen.append(step))
    assert seen[-1] == ("decoding", 11, 11)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


def test_the_digits_are_decoded_whole(places: Places) -> None:
    pixels = decoded(places.cache_dir, Digits().load(places), "digits for a test").split("test")
    assert pixels.images.shape == (359, 12, 12, 3)
    assert len(set(pixels.ids)) == 359


def test_another_parting_of_the_same_files_is_another_entry(tmp_path: Path) -> None:
    """Two data sets can hold the same files out differently."""
    everything = split_of("image", 70)
    names = ("red", "green", "blue")
    paths = {
        decode(with_test_split(names, everything, name), "files", SMALL, tmp_path, quiet).path
        for name in ("one", "other")
    }
    assert len(paths) == 2


def quiet(what: str, done: int, total: int) -> None:
    """Say nothing."""
