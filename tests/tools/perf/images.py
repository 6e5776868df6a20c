"""Folders with a known number of real image files, which both sides read."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.data.glyphs import font_files, render
from bench.data.searching import Search
from bench.seeding import derive
from tests.tools.perf.setting import Setting

DRAWN_CLASSES = "0123456789"
Files = Sequence[tuple[Path, int]]


@dataclass(frozen=True)
class Folder:
    """`root/{train,test}/<class>/*.png`; both splits in the order in which the harness reads them."""

    root: Path
    train: Files
    test: Files

    @property
    def n_classes(self) -> int:
        """How many classes there are."""
        return len({label for _, label in self.train})

    def listing(self) -> Path:
        """Write the files and labels of both splits as JSON, for the usual way, and return the file."""
        path = self.root.with_suffix(".json")
        splits = {"train": self.train, "test": self.test}
        path.write_text(
            json.dumps({name: [[str(file), label] for file, label in files] for name, files in splits.items()})
        )
        return path


def image_folder(setting: Setting, n_train: int, n_test: int) -> Folder:
    """Return so many images of each split, or what there is.

    Where the training split alone has too few, images of the test split are added to it; the two then overlap, so that
    accuracies mean nothing.
    """
    root = setting.folder("images")
    if setting.data_dir is None:
        return Folder(root, _draw(root, "train", n_train), _draw(root, "test", n_test))
    source = setting.data_dir / "cifar10"
    train, test = _listed(source / "train"), _listed(source / "test")
    more = test if n_train > len(train) else []
    return Folder(root, _link(root, "train", [*train, *more], n_train), _link(root, "test", test, n_test))


def _listed(folder: Path) -> list[tuple[str, Path]]:
    """Return class and path of all images, the classes in turn, so that any number of them is balanced."""
    search = Search(folder)
    turns = [
        (position, name, path)
        for name in search.level(folder).folders
        for position, path in enumerate(search.images(folder / name))
    ]
    return [(name, path) for _, name, path in sorted(turns)]


def _link(root: Path, split: str, files: Sequence[tuple[str, Path]], count: int) -> Files:
    chosen = files[:count]
    names = sorted({name for name, _ in chosen})
    links = []
    for name, path in chosen:
        link = root / split / name / f"{path.parent.parent.name}_{path.name}"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path.resolve())
        links.append((link, names.index(name)))
    return sorted(links, key=lambda each: (each[1], each[0]))


def _draw(root: Path, split: str, count: int) -> Files:
    fonts, files = font_files(), []
    for index in range(count):
        label = index % len(DRAWN_CLASSES)
        path = root / split / DRAWN_CLASSES[label] / f"{index:06}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        generator = np.random.default_rng(derive("perf", split, index))
        render(DRAWN_CLASSES[label], fonts, generator).save(path)
        files.append((path, label))
    return sorted(files, key=lambda each: (each[1], each[0]))
