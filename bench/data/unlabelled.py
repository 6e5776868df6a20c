"""Reads a folder of images without classes: enough for pre-training that reads no labels."""

from pathlib import Path

import numpy as np

from bench.contracts.data import RawData, Split
from bench.data.folders import part_folders
from bench.data.listing import ImageFiles, Listing, Part
from bench.data.manifests import manifest_in
from bench.data.names import printable, shown
from bench.data.searching import Search
from bench.errors import InvalidData


def read_unlabelled(root: Path) -> RawData | None:
    """Return the images below `train/`, or all where there is no such folder, and an empty test split.

    Null where the folder has to be read as one with classes: it has a manifest, two class folders or more, or nothing
    but `test/` or `val/`, of which a part must be held out. Raise `InvalidData` where it holds no image.
    """
    listing = _list_unlabelled(root)
    if listing is None:
        return None
    nothing = Split(ImageFiles(()), np.zeros(0, np.int64), ())
    return RawData(listing.class_names, listing.parts[0].split(), nothing, notes=listing.notes)


def fingerprint_unlabelled(root: Path, memo: Path) -> str | None:
    """Return a hash of what `read_unlabelled` reads, and of nothing else; null where that is null."""
    listing = _list_unlabelled(root)
    return None if listing is None else listing.fingerprint(memo)


def _list_unlabelled(root: Path) -> Listing | None:
    search = Search(root)
    parts = part_folders(search, root)
    folder = root / parts["train"] if "train" in parts else root
    if _tells_classes(root, folder, bool(parts)):
        return None
    search = Search(root)
    files = search.images(folder)
    if not files:
        raise InvalidData(f"{shown(folder)}: no images; put some there, right in it or in folders below")
    ids = tuple(printable(path.relative_to(root).as_posix()) for path in files)
    notes = [f"{printable(parts['train'])}/ is taken for training"] if parts.get("train", "train") != "train" else []
    part = Part("train", tuple(files), ids, (0,) * len(files))
    return Listing(root, ("unlabelled",), (part,), (*notes, *search.notes()))


def _tells_classes(root: Path, folder: Path, parted: bool) -> bool:
    held_out = folder is root and parted
    return manifest_in(root) is not None or held_out or len(Search(root).level(folder).folders) > 1
