"""Data that are decoded once and mapped by every cell."""

import struct
import zlib
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
            raise KeyboardInterrupt("killed")

    train = Split(Killed(np.zeros((7, 12, 12), np.uint8)), raw_of().train.labels, raw_of().train.ids)
    with pytest.raises(KeyboardInterrupt, match="killed"):
        decoded(tmp_path, RawData(("a", "b", "c"), train, split_of("test", 4)))
    assert len(decoded(tmp_path, raw_of()).split("train").labels) == 7


def test_progress_reaches_the_number_of_images(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    decode(raw_of(), "key", SMALL, tmp_path, lambda *step: seen.append(step))
    assert seen[-1] == ("decoding", 11, 11)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


class Opened:
    """Images in any mode, given as they are."""

    def __init__(self, *images: Image.Image) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Image.Image:
        return self.images[index]


def raw_with(train: Sequence[Image.Image], test: Sequence[Image.Image]) -> RawData:
    parts = {"train": train, "test": test}
    splits = {
        name: Split(Opened(*images), np.arange(len(images)) % 2, [f"{name}/{i}" for i in range(len(images))])
        for name, images in parts.items()
    }
    return RawData(("a", "b"), splits["train"], splits["test"])


def squares(kind: str, scale: float, means: Sequence[float] = (0.25, 0.65)) -> list[Image.Image]:
    values = [np.clip(np.random.default_rng(i).normal(mean, 0.08, (12, 12)), 0, 0.95) for i, mean in enumerate(means)]
    return [Image.fromarray((each * scale).astype(kind)) for each in values]


@pytest.mark.parametrize(
    ("kind", "scale", "white"),
    [("float32", 1, 1), ("float32", 255, 255), ("uint16", 255, 255), ("uint16", 4095, 4095), ("int32", 65535, 65535)],
)
def test_deep_images_are_decoded_over_the_full_range(tmp_path: Path, kind: str, scale: float, white: int) -> None:
    """The same pixels whatever range they were saved in, and a note that says it."""
    train, test = squares(kind, scale, (0.25, 0.65) * 8), squares(kind, scale)
    found = decoded(tmp_path, raw_with(train, test))
    images = found.split("train").images
    assert [round(float(part.mean())) for part in (images[::2], images[1::2])] == pytest.approx([64, 166], abs=3)
    (note,) = found.notes
    assert note.startswith("18 images of ")
    assert note.endswith(f"0 to {white} became black to white")


def test_one_scale_is_for_all_images_of_both_splits(tmp_path: Path) -> None:
    """A dark image stays dark beside bright ones, in whichever split they are; 8-bit images have their own."""
    dark, bright = (
        Image.fromarray(np.full((12, 12), 2100, np.uint16)),
        Image.fromarray(np.full((12, 12), 4000, np.uint16)),
    )
    plain = Image.fromarray(np.full((12, 12), 200, np.uint8))
    found = decoded(tmp_path, raw_with([dark, plain, dark], [bright]))
    assert [int(image.max()) for image in found.split("train").images] == [130, 200, 130]
    assert int(found.split("test").images.max()) == 249


def test_whoever_shuffles_or_repeats_gets_the_same_pixels(tmp_path: Path) -> None:
    some = squares("float32", 1, (0.2, 0.4, 0.6, 0.8))
    one = decoded(tmp_path / "one", raw_with(some, some[:1])).split("train").images
    other = decoded(tmp_path / "other", raw_with(some[::-1], some[:1])).split("train").images
    assert np.array_equal(one, other[::-1])


def test_ranges_that_cannot_be_told_are_refused_by_name(tmp_path: Path) -> None:
    holes = np.full((12, 12), np.nan, np.float32)
    with pytest.raises(InvalidData, match=r"train/1 \(nan to nan\)"):
        decoded(tmp_path, raw_with([*squares("float32", 1)[:1], Image.fromarray(holes)], squares("float32", 1)))
    with pytest.raises(InvalidData, match=r"train/0.*beside some up to .*test/0.*several depths"):
        decoded(tmp_path, raw_with(squares("uint16", 255, (0.8, 0.9)), squares("uint16", 65535, (0.8, 0.9))))


def test_data_that_hardly_vary_are_told_of(tmp_path: Path) -> None:
    """As when 12 bits were read as 8 by whatever saved them; dark images and characters are not."""
    (note,) = decoded(tmp_path / "lost", raw_with(squares("uint8", 15), squares("uint8", 15))).notes
    assert note.startswith("the images hardly vary: mean ")
    assert decoded(tmp_path / "dark", raw_with(squares("uint8", 40), squares("uint8", 40))).notes == ()
    assert decoded(tmp_path / "raw", raw_of()).notes == ()


ODD_ERRORS = [
    struct.error("unpack requires a buffer"),
    zlib.error("invalid block"),
    ZeroDivisionError("division by zero"),
    TypeError("an integer is required"),
    KeyError(282),
    IndexError("list index out of range"),
    OverflowError("too large"),
    MemoryError(),
    AttributeError("no tag"),
    AssertionError(),
    EOFError(),
    NotImplementedError("unknown pixel format"),
    RuntimeError("decoder error"),
    SystemError("tile cannot extend"),
    UnicodeDecodeError("utf-8", b"x", 0, 1, "no"),
    Image.DecompressionBombError("too large"),
]


@pytest.mark.parametrize("error", ODD_ERRORS, ids=lambda error: type(error).__name__)
def test_whatever_a_decoder_raises_names_the_image(tmp_path: Path, error: Exception) -> None:
    class Broken(ArrayImages):
        def __getitem__(self, index: int) -> Image.Image:
            raise error

    test = Split(Broken(np.zeros((1, 12, 12), np.uint8)), np.zeros(1, np.int64), ["odd.jpg"])
    with pytest.raises(
        InvalidData, match=r"^1 image can't be read: odd.jpg \(\S.*\); repair or remove them$"
    ) as refused:
        decoded(tmp_path, RawData(("a", "b", "c"), split_of("train", 7), test))
    assert str(error) in str(refused.value)
    assert type(error).__name__ in str(refused.value) or isinstance(error, ValueError | Image.DecompressionBombError)


def test_another_decoder_makes_another_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pixels of an older one are never taken for those of a newer."""
    first = decoded(tmp_path, raw_of())
    monkeypatch.setattr("bench.data.decode.DECODER", 1000)
    assert decoded(tmp_path, raw_of()) != first


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
