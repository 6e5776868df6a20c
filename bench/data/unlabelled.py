"""Reads a folder of images without classes: enough for pre-training that reads no labels."""

from pathlib import Path

import numpy as np

from bench.contracts.data import RawData, Split
from bench.data.folders import ImageFiles, class_folders, image_files
from bench.errors import InvalidData


def read_unlabelled(root: Path) -> RawData | None:
    """Return the images below `train/`, or all where there is no such folder, and an empty test split.

    Null where the folder has to be read as one with classes: it has a manifest, two class folders or more, or nothing
    but `test/` or `val/`, of which a part must be held out. Raise `InvalidData` where it holds no image.
    """
    train = root / "train"
    folder = train if train.is_dir() else root
    if _tells_classes(root, folder):
        return None
    files = image_files(folder)
    if not files:
        raise InvalidData(f"{folder}: no images; put some there, right in it or in folders below")
    ids = [path.relative_to(root).as_posix() for path in files]
    nothing = Split(ImageFiles(()), np.zeros(0, np.int64), ())
    return RawData(("unlabelled",), Split(ImageFiles(tuple(files)), np.zeros(len(files), np.int64), ids), nothing)


def _tells_classes(root: Path, folder: Path) -> bool:
    held_out = folder is root and any((root / name).is_dir() for name in ("test", "val"))
    return (root / "manifest.csv").is_file() or held_out or len(class_folders(folder)) > 1
