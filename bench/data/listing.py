"""All images of a data set, in order: what is read, and what its fingerprint is of."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from bench.contracts.data import RawData, Split
from bench.data.holding_out import untested, with_test_split
from bench.data.names import listed
from bench.data.parts import Use
from bench.data.transforms import upright
from bench.errors import InvalidData
from bench.machine.fingerprints import file_digests
from bench.schema import content_hash


@dataclass(frozen=True)
class ImageFiles:
    """Images that are opened when they are indexed."""

    paths: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Image.Image:
        with Image.open(self.paths[index]) as image:
            return upright(image)  # as the photographer held the camera


@dataclass(frozen=True)
class Part:
    """The images of one part, in the order in which they are read."""

    use: Use
    """What the part is taken for."""
    paths: tuple[Path, ...]
    ids: tuple[str, ...]
    """N names that can be printed, unique over all parts."""
    labels: tuple[int, ...]
    groups: tuple[str, ...] | None = None

    def split(self) -> Split:
        """Return the part as a split, whose images are opened when they are indexed."""
        return Split(ImageFiles(self.paths), np.array(self.labels, np.int64), self.ids, self.groups)


@dataclass(frozen=True)
class Listing:
    """A data set of image files. Splits and fingerprint come from the same list: no file is in one of them alone."""

    root: Path
    class_names: tuple[str, ...]
    parts: tuple[Part, ...]
    """The one for training first; where there is but one, a part of it is held out for testing."""
    notes: tuple[str, ...] = ()

    def fingerprint(self, memo: Path) -> str:
        """Return a hash of contents, names, classes, groups and parts; what was read is kept in the folder `memo`."""
        digests = iter(file_digests(self.root, [path for part in self.parts for path in part.paths], memo))
        contents = [
            [part.use, part.ids, part.labels, part.groups, [next(digests) for _ in part.paths]] for part in self.parts
        ]
        return content_hash([self.class_names, contents])

    def raw(self, name: str) -> RawData:
        """Return the splits; `name` decides which images of a single part are held out."""
        splits = {part.use: part.split() for part in self.parts}
        if len(splits) == 1:
            held = with_test_split(self.class_names, splits["train"], name)
            return RawData(self.class_names, held.train, held.test, notes=(*held.notes, *self.notes))
        notes = (*untested(self.class_names, splits["test"]), *self.notes)
        return RawData(
            self.class_names, splits["train"], splits["test"], validation=splits.get("validation"), notes=notes
        )


def check_classes(where: str, class_names: Sequence[str], train: Part, test: Part | None) -> None:
    """Refuse what nobody can learn from: one class only, a class without images."""
    if len(class_names) < 2:
        found = f"only one class, {class_names[0]!r}" if class_names else "no class folders"
        raise InvalidData(f"{where}: {found}; a classifier needs at least two: put each class in a folder of its own")
    counts = np.bincount(np.array(train.labels, np.int64), minlength=len(class_names))
    empty = [name for name, count in zip(class_names, counts, strict=True) if count == 0]
    if empty:
        names = listed(empty, 10)
        raise InvalidData(f"{where}: no training images of class {names}; add images, or remove the class everywhere")
    if test is not None and not test.labels:
        raise InvalidData(f"{where}: the test split holds no images; add some or remove its folder")
