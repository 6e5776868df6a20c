"""Data sets that torchvision finds, downloads and checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bench.contracts.data import Places, RawData, Split
from bench.data.folders import list_folders, part_folders
from bench.data.holding_out import with_test_split
from bench.data.searching import Search, all_files
from bench.errors import InvalidData, Unavailable
from bench.machine.fingerprints import files_sha256


@dataclass(frozen=True)
class Examples:
    """The images of one or more torchvision data sets, one after another."""

    parts: tuple[Any, ...]

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts)

    def __getitem__(self, index: int) -> Image.Image:
        for part in self.parts:
            if index < len(part):
                image: Image.Image = part[index][0]
                return image
            index -= len(part)
        raise IndexError(index)


@dataclass(frozen=True)
class TorchvisionSet:
    """A class of `torchvision.datasets`, or its image-folder copy `DATA_DIR/<name>/{train,test}/<class>/*.png`."""

    name: str
    """The catalogue's name, which is the folder's."""
    cls: str
    """The class in `torchvision.datasets`."""
    files: str
    """A glob of what the class unpacks below its root."""
    train: Sequence[Mapping[str, Any]] = ({"train": True},)
    """Arguments of the parts that training images come from."""
    test: Sequence[Mapping[str, Any]] = ({"train": False},)
    """Arguments of the parts that test images come from; empty where there are none."""
    labels: str = "targets"
    """Attribute of the class that holds the labels."""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def _roots(self, places: Places) -> list[Path]:
        """Return where the files may lie, a folder of the data set's own first: there it is downloaded to."""
        base = places.data_dir or places.cache_dir / "data"
        return [base / self.name, base]

    def _folder_copy(self, places: Places) -> Path | None:
        root = self._roots(places)[0]
        search = Search(root)
        names = part_folders(search, root).values() if root.is_dir() else ()
        return root if any(search.images(root / name) for name in names) else None

    def _official(self, places: Places) -> tuple[Path, list[Path]] | None:
        """Return the root that torchvision is given, and the files that it reads there; null where none are there."""
        for root in self._roots(places):
            matches = sorted(root.glob(self.files)) if root.is_dir() else []
            files = [path for match in matches for path in all_files(match)]
            if files:
                return root, files
        return None

    def fingerprint(self, places: Places) -> str | None:
        """Return a hash of the files, or null where none are there yet."""
        official = self._official(places)
        if official is not None:
            return files_sha256(*official, places.cache_dir)
        copy = self._folder_copy(places)
        return list_folders(copy).fingerprint(places.cache_dir) if copy else None

    def load(self, places: Places) -> RawData:
        """Take the official files, or else an image-folder copy, or else download; raise `Unavailable`."""
        official, copy = self._official(places), self._folder_copy(places)
        if official is None and copy is not None:
            return list_folders(copy).raw(self.name)
        root = official[0] if official else self._roots(places)[0]
        train, test = ([self._open(root, arguments) for arguments in part] for part in (self.train, self.test))
        class_names = self._class_names(train)
        trained = self._split(train, "train")
        if not test:
            return with_test_split(class_names, trained, self.name)
        return RawData(class_names, trained, self._split(test, "test"))

    def _open(self, root: Path, arguments: Mapping[str, Any]) -> Any:
        from torchvision import datasets  # seconds; suites are checked by importing this module

        if self.cls not in datasets.__all__:
            raise InvalidData(f"{self.name}: torchvision has no data set {self.cls}; name one of its data sets")
        try:
            return getattr(datasets, self.cls)(str(root), download=True, **arguments, **self.extra)
        except (OSError, RuntimeError) as error:
            cause = (str(error) or type(error).__name__).splitlines()[0]
            raise Unavailable(
                f"{self.name}: not in {root} and not downloaded ({cause}); put torchvision's files or "
                f"{self.name}/{{train,test}}/<class>/*.png into a folder and give it with --data-dir (make: DATA_DIR=)"
            ) from error

    def _split(self, parts: Sequence[Any], name: str) -> Split:
        labels = np.concatenate([np.asarray(getattr(part, self.labels), np.int64) for part in parts])
        return Split(Examples(tuple(parts)), labels, [f"{name}/{i}" for i in range(len(labels))])

    def _class_names(self, parts: Sequence[Any]) -> tuple[str, ...]:
        names = getattr(parts[0], "classes", None)
        if names is not None:
            return tuple(str(name) for name in names)
        top = max(int(np.max(getattr(part, self.labels))) for part in parts)
        return tuple(str(label) for label in range(top + 1))
