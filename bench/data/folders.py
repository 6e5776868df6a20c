"""Reading class folders and manifests of image files."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from bench.contracts.data import RawData, Split
from bench.data.holding_out import with_test_split
from bench.errors import InvalidData

EXTENSIONS = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".ppm", ".pgm", ".tif", ".tiff", ".webp"}


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
        for row in reader:
            line = reader.line_num
            if not row["path"] or not row["label"]:
                raise InvalidData(f"{manifest}:{line}: path or label is empty; fill it in or remove the line")
            path = manifest.parent / row["path"]
            if not path.is_file():
                raise InvalidData(f"{manifest}:{line}: no file {path}; correct the path or remove the line")
            if path in seen:
                raise InvalidData(f"{manifest}:{line}: {path} stands in line {seen[path]} too; remove one")
            seen[path] = line
            split = (row.get("split") or "").strip().lower() or None
            if split not in (None, "train", "val", "test"):
                raise InvalidData(f"{manifest}:{line}: split {split!r}; write train, val or test")
            rows.append(ManifestRow(path, row["label"], split, row.get("group") or None))
    if not rows:
        raise InvalidData(f"{manifest}: no images; add lines of path,label")
    return rows


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


def read_splits(root: Path, name: str) -> RawData:
    """Read class folders below `train/`, `test/` and `val/`, or right below `root`."""
    present = {split: root / split for split in ("train", "test", "val") if (root / split).is_dir()}
    if not present:
        present = {"train": root}
    folders = list(present.values())
    class_names = tuple(sorted({found for folder in folders for found in class_folders(folder)}))
    train, test = present.get("train"), present.get("test", present.get("val"))
    only = train or test
    if train is None or test is None:
        assert only is not None
        everything = read_class_folders(root, only, class_names)
        check_classes(str(only), class_names, everything, None)
        return with_test_split(class_names, everything, name)
    trained, tested = (read_class_folders(root, folder, class_names) for folder in (train, test))
    check_classes(str(train), class_names, trained, tested)
    unused = [present["val"].name] if "test" in present and "val" in present else []
    notes = tuple(f"{name}/ is left out: validation comes out of the label budget" for name in unused)
    return RawData(class_names, trained, tested, notes)
