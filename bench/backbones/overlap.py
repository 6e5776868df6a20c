"""What pre-training sets are known to have seen of a target: facts by data set, each with its reason."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["images", "classes", "unknown"]
"""What the pre-training has seen of the target: its images, other images of its classes, or nobody can tell."""


@dataclass(frozen=True)
class Overlap:
    """That a pre-training set has seen something of the target."""

    kind: Kind
    reason: str


@dataclass(frozen=True)
class Counted:
    """How many of some images were seen before."""

    seen: int
    total: int

    def __str__(self) -> str:
        return f"{self.seen:,} of {self.total:,}"


IMAGENET, LARGER_IMAGENET, LVD, WEB = "ImageNet-1k", "ImageNet-21k", "LVD-142M", "images from the web"
SETS: Mapping[str, str] = {
    IMAGENET: r"in1k|imagenet1k|(^|_)(fc)?mae($|_)|(^|_)dino($|_)",
    LARGER_IMAGENET: r"inw?2[12]k|in12k",
    LVD: r"lvd",
    WEB: r"laion|openai|clip|webli|datacomp|dfn|jft|ig1b|swag|swsl|ssl|yfcc|merged2b|cc12m|metaclip",
}
"""Pre-training sets, each with a pattern of what weights trained on it are called in timm and torchvision."""
KNOWN: Mapping[tuple[str, str], Overlap] = {
    (IMAGENET, "stl10"): Overlap("images", "its labelled images were taken from ImageNet (Coates et al., 2011)"),
    (IMAGENET, "cifar10"): Overlap("classes", "most of the ten kinds are ImageNet-1k classes, or several of them"),
    (IMAGENET, "cifar100"): Overlap("classes", "many of the kinds are ImageNet-1k classes, or several of them"),
    (IMAGENET, "pets"): Overlap("classes", "most of the dog breeds and some of the cat breeds are ImageNet-1k classes"),
    (LARGER_IMAGENET, "flowers102"): Overlap("classes", "it holds many kinds of flowers"),
    (LARGER_IMAGENET, "food101"): Overlap("classes", "it holds many dishes"),
    **{
        (LVD, name): Overlap(
            "classes", "it was gathered by likeness to this data set, among others (Oquab et al., 2023)"
        )
        for name in ("flowers102", "food101", "pets", "dtd")
    },
}
"""By pre-training set and target. What is true of ImageNet-1k is true of ImageNet-21k, which contains it."""
SYNSET = re.compile(r"n\d{8}")
"""How ImageNet's class folders are called."""


def sets_of(tag: str) -> tuple[str, ...]:
    """Return the pre-training sets that the name of published weights tells of."""
    return tuple(name for name, pattern in SETS.items() if re.search(pattern, tag.lower()))


def of_published(tag: str, dataset: str, class_names: Sequence[str], imagenet: Collection[str]) -> Overlap | None:
    """Return what published weights have seen of a target; null where nothing is known.

    `imagenet` holds the names of the classes of ImageNet-1k in lower case, for targets whose classes are called so.
    """
    found = sets_of(tag)
    both = {*found, *([IMAGENET] if LARGER_IMAGENET in found else [])}
    # the surest first: facts, then names that are the same, then that nobody can tell
    for name in SETS:
        if name in both and (name, dataset) in KNOWN:
            known = KNOWN[name, dataset]
            return Overlap(known.kind, f"pre-trained on {name}: {known.reason}")
    named = by_class_names(class_names, imagenet) if IMAGENET in both else None
    if named is None and WEB in found:
        return Overlap("unknown", f"pre-trained on {WEB} ({tag}): nobody can tell what is among them")
    return named


def by_class_names(class_names: Sequence[str], imagenet: Collection[str]) -> Overlap | None:
    """Return the overlap that a target's class names tell of, for weights that have seen ImageNet-1k."""
    synsets = [name for name in class_names if SYNSET.fullmatch(name)]
    if synsets:
        return Overlap("images", f"pre-trained on {IMAGENET}: class folders like {synsets[0]} are those of ImageNet")
    same = [name for name in class_names if plain(name) in imagenet]
    if not same:
        return None
    shown = ", ".join(same[:5]) + (", ..." if len(same) > 5 else "")
    return Overlap(
        "classes", f"pre-trained on {IMAGENET}: {len(same)} of {len(class_names)} classes are called as there ({shown})"
    )


def plain(name: str) -> str:
    """Return a class name in lower case, with blanks."""
    return re.sub(r"[_\-\s]+", " ", name).strip().lower()


def of_own(trained: Counted, tested: Counted, labelled: bool) -> Overlap | None:
    """Return what the project's own weights have seen of a target's images; these were compared pixel by pixel."""
    if not trained.seen + tested.seen:
        return None
    labels = "with their labels, which are in no budget" if labelled else "without their labels"
    return Overlap("images", f"pre-trained on {trained} training images and {tested} test images, {labels}")
