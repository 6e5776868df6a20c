"""The user's own validation images: put behind the training images, where they select and are learnt from by nobody."""

import dataclasses
from dataclasses import dataclass

import numpy as np
from PIL import Image

from bench.contracts.data import Images, RawData, Split
from bench.data.parts import LEFT_OUT
from bench.errors import InvalidData


@dataclass(frozen=True)
class Behind:
    """Images of two sequences, numbered through."""

    first: Images
    second: Images

    def __len__(self) -> int:
        return len(self.first) + len(self.second)

    def __getitem__(self, position: int) -> Image.Image:
        before = len(self.first)
        return self.first[position] if position < before else self.second[position - before]


def with_own_validation(where: str, raw: RawData) -> RawData:
    """Return the data with its validation images behind those to train on; raise `InvalidData` where it has none."""
    train, own = raw.train, raw.validation
    if own is None or len(own.labels) == 0:
        raise InvalidData(
            f"{where}: validation: own needs val/ beside train/ and test/; add it, or write validation: budget"
        )
    shared = set(train.groups or ()) & set(own.groups or ())
    if shared:
        raise InvalidData(f"{where}: group {min(shared)!r} stands in train and in val; keep it on one side")
    groups = None if train.groups is None and own.groups is None else [*_groups(train), *_groups(own)]
    joined = Split(
        Behind(train.images, own.images),
        np.concatenate([train.labels, own.labels]),
        [*train.ids, *own.ids],
        groups,
    )
    said = [note for note in raw.notes if LEFT_OUT not in note]
    note = f"{len(own.labels)} images of val/ select and are counted in no label budget"
    return dataclasses.replace(raw, train=joined, validation=None, notes=(*said, note))


def _groups(split: Split) -> list[str]:
    # an image without a group is a group of its own, under a name that no manifest can have
    return list(split.groups) if split.groups is not None else [f"\0{name}" for name in split.ids]
