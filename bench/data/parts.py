"""How the parts of a data set are called: training, validation, testing."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from bench.data.names import trimmed
from bench.errors import InvalidData

PartName = Literal["train", "val", "test"]
Use = Literal["train", "test", "validation"]
USES: Mapping[PartName, Use] = {"train": "train", "test": "test", "val": "validation"}
IN_WORDS: Mapping[Use, str] = {"train": "training", "test": "testing", "validation": "validation"}
LEFT_OUT = "left out: validation comes out of the label budget; `validation: own` in the suite selects on it"
"""Said of a part for validation beside one for testing."""
SPELLINGS: Mapping[str, PartName] = {
    **dict.fromkeys(("train", "training"), "train"),
    # `eval` and `dev` are called what others call validation. Where nothing else tests they do, as `val` does.
    **dict.fromkeys(("val", "valid", "validation", "validate", "dev", "devel", "development"), "val"),
    **dict.fromkeys(("eval", "evaluation"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""What parts are called, in small letters, without what may follow: `set`, `data`, `split`."""
UNLABELLED = frozenset({"unlabeled", "unlabelled", "unsup", "unsupervised"})
"""Folders beside parts whose images have no class."""
_FOLLOWS = re.compile(r"[ _-]*(set|data|split)?$")
_WORDS = re.compile(r"[^a-z]+")


def part_of(name: str) -> PartName | None:
    """Return which part a folder, or a value of the column `split`, names; null where it names none."""
    return SPELLINGS.get(_FOLLOWS.sub("", trimmed(name).casefold()))


def parts_of(where: str, names: Iterable[str]) -> dict[PartName, str]:
    """Return the name of each part among some names; raise `InvalidData` where two names are of one part."""
    found: dict[PartName, str] = {}
    for name in sorted(names):
        part = part_of(name)
        if part in found:
            raise InvalidData(f"{where}: both {found[part]!r} and {name!r} name the part {part}; keep one of them")
        if part is not None:
            found[part] = name
    return found


def uses_of(where: str, parts: Collection[PartName]) -> dict[PartName, Use]:
    """Return what each part is taken for, training first; raise `InvalidData` where nobody can tell.

    One part alone is for both training and testing. Where none is for testing the one for validation tests.
    """
    if len(parts) == 1:
        return dict.fromkeys(parts, "train")
    if "train" not in parts:
        raise InvalidData(f"{where}: {' and '.join(sorted(parts))} but no train; add it, or keep one of them")
    if "test" not in parts:
        return {"train": "train", "val": "test"}
    return {part: use for part, use in USES.items() if part in parts}


def taken_for(said: str, name: str, part: PartName, use: Use) -> str | None:
    """Return what has to be said of a part; null where it is called and used as everybody would think."""
    if use == "validation":
        return f"{said} is {LEFT_OUT}"
    return None if name == part and use == USES[part] else f"{said} is taken for {IN_WORDS[use]}"


def resembles_a_part(name: str) -> bool:
    """Say whether one word of a name is that of a part, as in `train2017` or `seg_test`."""
    return any(word in SPELLINGS for word in _WORDS.split(name.casefold()))
