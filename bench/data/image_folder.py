"""The user's own images: class folders below `train/` and `test/` or `val/`, or a CSV manifest."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.contracts.data import Places, RawData, Split
from bench.data.folders import (
    LEFT_OUT,
    SPLITS,
    ImageFiles,
    ManifestRow,
    check_classes,
    from_one_part,
    image_files,
    read_manifest,
    read_splits,
)
from bench.errors import InvalidData, Unavailable
from bench.machine.cache import file_sha256, files_sha256
from bench.schema import content_hash


@dataclass(frozen=True)
class ImageFolder:
    """`DATA_DIR/{train,test}/<class>/*.png`, or `DATA_DIR/manifest.csv`."""

    subfolder: str = "."
    """Where below `DATA_DIR` the folder lies."""
    manifest: str = "manifest.csv"
    """A CSV of `path,label[,split][,group]`, taken in place of folders where it is there."""

    def _root(self, places: Places) -> Path:
        if places.data_dir is None:
            raise Unavailable("image_folder: no folder is given; write --data-dir FOLDER (make: DATA_DIR=FOLDER)")
        root = places.data_dir / self.subfolder
        if not root.is_dir():
            raise Unavailable(f"{root}: no such folder; give --data-dir the folder that holds train/")
        return root

    def fingerprint(self, places: Places) -> str | None:
        """Return a hash of all names and contents, or null where there is no folder."""
        try:
            root = self._root(places)
        except Unavailable:
            return None
        if (root / self.manifest).is_file():
            rows = read_manifest(root / self.manifest)
            contents = [[row.label, row.split, row.group, file_sha256(row.path)] for row in rows]
            return content_hash([file_sha256(root / self.manifest), contents])
        return files_sha256(root, image_files(root), places.cache_dir)

    def load(self, places: Places) -> RawData:
        """Read the folder; a missing split is made from the other one."""
        root = self._root(places)
        if (root / self.manifest).is_file():
            return _from_manifest(root, read_manifest(root / self.manifest))
        return read_splits(root, "image_folder")


def _from_manifest(root: Path, rows: Sequence[ManifestRow]) -> RawData:
    class_names = tuple(sorted({row.label for row in rows}))
    parts = {name: [row for row in rows if (row.split or "train") == name] for name in SPLITS}
    test_name = "test" if parts["test"] else "val"
    train, test = parts["train"], parts[test_name]
    if not train or not test:
        return from_one_part(str(root), class_names, _split(root, train or test, class_names), "manifest")
    trained, tested = _split(root, train, class_names), _split(root, test, class_names)
    check_classes(str(root), class_names, trained, tested)
    _refuse_shared_groups(root, trained, tested, test_name)
    unused = len(rows) - len(train) - len(test)
    notes = (f"{unused} images of split val are {LEFT_OUT}",) if unused else ()
    return RawData(class_names, trained, tested, notes)


def _refuse_shared_groups(root: Path, trained: Split, tested: Split, test_name: str) -> None:
    shared = set(trained.groups or ()) & set(tested.groups or ())
    if shared:
        raise InvalidData(f"{root}: group {min(shared)!r} stands in train and in {test_name}; keep it on one side")


def _split(root: Path, rows: Sequence[ManifestRow], class_names: Sequence[str]) -> Split:
    labels = np.array([class_names.index(row.label) for row in rows], np.int64)
    # a manifest may name images that lie outside its folder
    ids = [str(row.path.relative_to(root)) if row.path.is_relative_to(root) else str(row.path) for row in rows]
    return Split(ImageFiles(tuple(row.path for row in rows)), labels, ids, _groups(rows))


def _groups(rows: Sequence[ManifestRow]) -> list[str] | None:
    if not any(row.group for row in rows):
        return None
    # an image without a group is a group of its own, under a name that no manifest can have
    return [row.group or f"\0{row.path}" for row in rows]
