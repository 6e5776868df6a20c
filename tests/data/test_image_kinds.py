"""Which files are images."""

from pathlib import Path

import pytest
from PIL import Image

from bench.data import image_kinds
from bench.data.image_kinds import Kind, ending_of, kind_of

FORMATS = ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"]


@pytest.mark.parametrize("name", ["a.png", "b.JPG", "c.jpeg", "d.TiFf", "e.webp"])
def test_a_file_with_a_usual_ending_is_taken_unseen(name: str) -> None:
    """It need not even be there."""
    assert kind_of(f"/nowhere/{name}") is Kind.IMAGE


@pytest.mark.parametrize(("name", "kind"), [("a.TXT", Kind.NONE), ("Thumbs.db", Kind.NONE), ("a.heic", Kind.OTHER)])
def test_a_file_with_a_known_ending_of_another_kind_is_not_opened(name: str, kind: Kind) -> None:
    assert kind_of(f"/nowhere/{name}") is kind


@pytest.mark.parametrize("name", ["image", "image.jfif", "image.", "image.png_1"])
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_an_image_with_an_unusual_ending_is_told_by_its_first_bytes(
    tmp_path: Path, name: str, form: str, mode: str
) -> None:
    Image.new(mode, (5, 7), 3).save(tmp_path / name, form)
    assert kind_of(str(tmp_path / name)) is Kind.UNUSUAL


@pytest.mark.parametrize(
    "contents",
    [
        b"",
        b"text",
        b"BM, of a sort: a text that begins like a bitmap",
        b"P6",
        b"RIFF\0\0\0\0WAVE",
        b"\xff\xd8",
        b"II*",
        b"PK",
    ],
)
def test_what_is_no_image_is_none_by_its_first_bytes(tmp_path: Path, contents: bytes) -> None:
    (tmp_path / "file.odd").write_bytes(contents)
    assert kind_of(str(tmp_path / "file.odd")) is Kind.UNKNOWN


@pytest.mark.parametrize(
    "contents", [b"%PDF-1.7", b"\0\0\0\x18ftypheic\0\0\0\0", b"\0\0\0\x0cjP  \r\n", b"\xff\x0a", b"8BPS", b"<svg "]
)
def test_images_of_another_kind_are_told_by_their_first_bytes_too(tmp_path: Path, contents: bytes) -> None:
    (tmp_path / "file").write_bytes(contents)
    assert kind_of(str(tmp_path / "file")) is Kind.OTHER


@pytest.mark.parametrize(("reads", "kind"), [(True, Kind.UNUSUAL), (False, Kind.OTHER)])
def test_avif_is_taken_where_pillow_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: bool, kind: Kind
) -> None:
    monkeypatch.setattr(image_kinds, "reads_avif", lambda: reads)
    (tmp_path / "phone.avif").write_bytes(b"\0\0\0\x1cftypavif\0\0\0\0")
    assert kind_of(str(tmp_path / "phone.avif")) is kind


def test_raw_photographs_are_not_taken_for_the_tiff_that_they_look_like(tmp_path: Path) -> None:
    """The image inside may be a thumbnail."""
    Image.new("L", (5, 7)).save(tmp_path / "photo.dng", "TIFF")
    assert kind_of(str(tmp_path / "photo.dng")) is Kind.OTHER


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        kind_of(str(tmp_path / "gone"))


def test_the_ending_of_a_name_is_in_small_letters() -> None:
    assert [ending_of(name) for name in ("a.JPG", "a", "a.b.Png ", "a.")] == [".jpg", "", ".png ", "."]
