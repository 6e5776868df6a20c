"""Reading class folders and manifests of image files."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from bench.contracts.data import RawData, Split
from bench.data.holding_out import with_test_split
from bench.errors import InvalidData

EXTENSIONS = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".ppm", ".pgm", ".tif", ".tiff", ".webp"}
SPLITS = ("train", "val", "test")
LEFT_OUT = "left out: validation comes out of the label budget"
"""Said of a split `val` beside one for testing."""


@dataclass(frozen=True)
class ImageFiles:
    """Images that are opened when they are indexed."""

    paths: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Image.Image:
        with Image.open(self.paths[index]) as image:
            return ImageOps.exif_transpose(image)  # as the photographer held the camera


def image_files(folder: Path) -> list[Path]:
    """Return the image files below a folder, sorted; hidden ones are left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in EXTENSIONS
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def class_folders(folder: Path) -> list[str]:
    """Return the names of the class folders in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def read_class_folders(root: Path, folder: Path, class_names: Sequence[str]) -> Split:
    """Read `folder/<class>/**/*.png`; ids are relative to `root`."""
    paths: list[Path] = []
    labels: list[int] = []
    for label, name in enumerate(class_names):
        found = image_files(folder / name) if (folder / name).is_dir() else []
        paths += found
        labels += [label] * len(found)
    ids = tuple(path.relative_to(root).as_posix() for path in paths)
    return Split(ImageFiles(tuple(paths)), np.array(labels, np.int64), ids)


@dataclass(frozen=True)
class ManifestRow:
    """One image of a manifest."""

    path: Path
    label: str
    split: str | None
    group: str | None


def _decoded(manifest: Path, stream: Iterable[str]) -> Iterator[str]:
    # the file is decoded while it is read, deep inside the CSV reader: only here can the error be told by its file
    try:
        yield from stream
    except UnicodeDecodeError as error:
        raise InvalidData(f"{manifest}: no UTF-8 ({error}); save it as UTF-8") from error


def read_manifest(manifest: Path) -> list[ManifestRow]:
    """Read a CSV with the columns `path,label[,split][,group]`; paths are relative to the manifest."""
    with manifest.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(_decoded(manifest, stream))
        columns = reader.fieldnames or []
        missing = [name for name in ("path", "label") if name not in columns]
        if missing:
            raise InvalidData(f"{manifest}:1: no column {' and '.join(missing)}; write path,label[,split][,group]")
        rows: list[ManifestRow] = []
        seen: dict[Path, int] = {}
        for written in reader:
            row = _manifest_row(f"{manifest}:{reader.line_num}", manifest.parent, written, seen)
            seen[row.path] = reader.line_num
            rows.append(row)
    if not rows:
        raise InvalidData(f"{manifest}: no images; add lines of path,label")
    return rows


def _manifest_row(place: str, folder: Path, written: Mapping[str, str], seen: Mapping[Path, int]) -> ManifestRow:
    """Check a line; `seen` has the lines of the images so far."""
    if not written["path"] or not written["label"]:
        raise InvalidData(f"{place}: path or label is empty; fill it in or remove the line")
    path = folder / written["path"]
    if not path.is_file():
        raise InvalidData(f"{place}: no file {path}; correct the path or remove the line")
    if path in seen:
        raise InvalidData(f"{place}: {path} stands in line {seen[path]} too; remove one")
    split = (written.get("split") or "").strip().lower() or None
    if split not in (None, *SPLITS):
        raise InvalidData(f"{place}: split {split!r}; write train, val or test")
    return ManifestRow(path, written["label"], split, written.get("group") or None)


def check_classes(where: str, class_names: Sequence[str], split: Split, other: Split | None) -> None:
    """Refuse what nobody can learn from: one class only, a class without images."""
    if len(class_names) < 2:
        found = f"only one class, {class_names[0]!r}" if class_names else "no class folders"
        raise InvalidData(f"{where}: {found}; a classifier needs at least two: put each class in a folder of its own")
    counts = np.bincount(split.labels, minlength=len(class_names))
    empty = [name for name, count in zip(class_names, counts, strict=True) if count == 0]
    if empty:
        names = ", ".join(empty)
        raise InvalidData(f"{where}: no training images of class {names}; add images or remove the empty folder")
    if other is not None and len(other.labels) == 0:
        raise InvalidData(f"{where}: the test split holds no images; add some or remove its folder")


def from_one_part(where: str, class_names: tuple[str, ...], everything: Split, name: str) -> RawData:
    """Hold a part of the images out for testing; `name` decides which, `where` is told of what is wrong."""
    check_classes(where, class_names, everything, None)
    return with_test_split(class_names, everything, name)


def _split_folders(root: Path) -> dict[str, Path]:
    return {split: root / split for split in SPLITS if (root / split).is_dir()}


def read_splits(root: Path, name: str) -> RawData:
    """Read class folders below `train/`, `test/` and `val/`, or right below `root`.

    Without `test/` it is `val/` that tests. Where one part is all there is, a part of it is held out.
    """
    present = _split_folders(root) or {"train": root}
    class_names = tuple(sorted({found for folder in present.values() for found in class_folders(folder)}))
    train, test = present.get("train"), present.get("test", present.get("val"))
    if train is None or test is None:
        only = train or test or root
        return from_one_part(str(only), class_names, read_class_folders(root, only, class_names), name)
    trained, tested = (read_class_folders(root, folder, class_names) for folder in (train, test))
    check_classes(str(train), class_names, trained, tested)
    notes = (f"val/ is {LEFT_OUT}",) if {"test", "val"} <= present.keys() else ()
    return RawData(class_names, trained, tested, notes)
