"""Makes a test split for data that comes without one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from bench.contracts.data import Images, RawData, Split
from bench.data.names import listed
from bench.data.splits import Index, hold_out
from bench.errors import InvalidData


@dataclass(frozen=True)
class Part:
    """Some of the images of a sequence, opened when they are indexed."""

    images: Images
    positions: Index

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, position: int) -> Image.Image:
        return self.images[int(self.positions[position])]


def part(split: Split, index: Index) -> Split:
    """Return the images of a split at some positions."""
    groups = None if split.groups is None else [split.groups[i] for i in index]
    return Split(Part(split.images, index), split.labels[index], [split.ids[i] for i in index], groups)


def with_test_split(class_names: tuple[str, ...], everything: Split, name: str) -> RawData:
    """Part data that has one split only, by `name`, labels and groups alone; raise `InvalidData`."""
    train, test = hold_out(everything.labels, len(class_names), everything.groups, name)
    counts = np.bincount(everything.labels[train], minlength=len(class_names))
    lost = [label for label, count in zip(class_names, counts, strict=True) if count == 0]
    if lost and everything.groups is not None:
        raise InvalidData(
            f"class {', '.join(lost)}: all its images are of one group, which was held out for testing; "
            "give the class more groups, or write the split yourself"
        )
    if len(test) == 0:
        raise InvalidData(
            f"no test split, and {len(everything.labels)} images of {len(class_names)} classes are too few to hold one "
            "out; give a class at least two images, or add a test split"
        )
    note = f"no test split: {len(test)} of {len(everything.labels)} images held out, stratified"
    held = part(everything, test)
    return RawData(class_names, part(everything, train), held, notes=(note, *untested(class_names, held)))


def untested(class_names: Sequence[str], test: Split) -> tuple[str, ...]:
    """Return a note that names the classes of which no image is tested; none where there are none."""
    counts = np.bincount(test.labels, minlength=len(class_names))
    lacking = [name for name, count in zip(class_names, counts, strict=True) if count == 0]
    return (f"no test images of class {listed(lacking, 10)}: no accuracy says anything of it",) if lacking else ()
