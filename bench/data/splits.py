"""Which images a cell may learn from: nested, stratified label budgets and their validation part."""

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.contracts.training import Fold
from bench.errors import InvalidData
from bench.schema import Budget
from bench.seeding import derive

Index = npt.NDArray[np.int64]

VALIDATION_SHARE = 0.2
"""Share of a budget that validates. It comes out of the budget, which is all the labels that a cell may see."""
LABELS_TO_VALIDATE = 5
"""Labels per class, on average, under which nothing is selected."""
FOLDS = 5
"""Parts of a small budget, each of which is held out once."""
LABELS_TO_FOLD = 2
"""Labels per class, on average, under which nothing can be held out."""
FOLDED_LABELS = 1000
"""Labels of a budget over which its validation part says as much as folds, at a fifth of the cost."""
HELD_OUT_SHARE = 0.2
"""Share of a data set that becomes its test set where it comes without one."""


@dataclass(frozen=True)
class BudgetSplit:
    """The labels of one cell."""

    fit: Index
    """Images to learn from, sorted."""
    val: Index
    """Images to select on, sorted; empty where the budget is too small."""
    own: bool = False
    """Whether the user brought the images to select on: they are no part of the budget."""

    @property
    def all(self) -> Index:
        """The whole budget, sorted."""
        return self.fit if self.own else np.sort(np.concatenate([self.fit, self.val]))

    @property
    def sha256(self) -> str:
        """Hash of the budget's indices."""
        return index_sha256(self.all)


def index_sha256(index: Index) -> str:
    """Return the SHA-256 of indices, in the order given."""
    # of eight bytes, the lowest first: the same on every machine
    return hashlib.sha256(index.astype("<i8").tobytes()).hexdigest()


def _class_orders(labels: Index, n_classes: int, seed: int) -> list[Index]:
    """Return one permutation per class, each from a generator of its own: no class moves another's images."""
    return [
        np.random.default_rng(derive(seed, "class", label)).permutation(np.flatnonzero(labels == label))
        for label in range(n_classes)
    ]


def _class_counts(sizes: Index, budget: Budget) -> Index:
    """Return how many labels each class gives; a class with fewer images gives what it has."""
    if budget.value == 0:
        return np.zeros_like(sizes)
    if budget.kind == "fraction":
        wanted: Index = np.maximum(1, np.floor(budget.value * sizes + 0.5)).astype(np.int64)
        return wanted
    if budget.kind == "labels_per_class":
        return np.minimum(int(budget.value), sizes).astype(np.int64)
    if not len(sizes) <= budget.value <= sizes.sum():
        raise InvalidData(
            f"labels: {budget.value:g} can't be met by {sizes.sum()} training images of {len(sizes)} classes; "
            f"write a number from {len(sizes)} to {sizes.sum()}"
        )
    return _proportional(sizes, int(budget.value))


def _proportional(sizes: Index, total: int) -> Index:
    """Return counts per class that add up to `total`: one for each class, then one more for the least served.

    One label more in the budget is one more in one class, so that larger budgets contain the smaller ones.
    """
    # where each image of a class lies in it, from 0 to 1: a class of many images has its next place sooner
    ranks = np.concatenate([(np.arange(size) + 0.5) / size for size in sizes])
    owners = np.repeat(np.arange(len(sizes)), sizes)
    firsts = np.concatenate([np.arange(size) > 0 for size in sizes])
    order = np.lexsort((owners, ranks, firsts))
    return np.bincount(owners[order[:total]], minlength=len(sizes)).astype(np.int64)


def split_budget(
    labels: Index, n_classes: int, budget: Budget, seed: int, groups: Sequence[str] | None = None
) -> BudgetSplit:
    """Draw the labels of a budget and part them into training and validation.

    A budget is a prefix of one permutation per class and seed: every larger budget contains the smaller one. A fifth
    of it validates, at least one label of each class that has two; under five labels per class none does, nor under
    five groups. Images of one group are never parted.
    """
    return part_budget(stratified_budget(labels, n_classes, budget, seed), labels, n_classes, seed, groups)


def stratified_budget(labels: Index, n_classes: int, budget: Budget, seed: int) -> Index:
    """Return the images of a budget, sorted: a prefix of one permutation per class and seed."""
    counts = _class_counts(np.bincount(labels, minlength=n_classes), budget)
    orders = _class_orders(labels, n_classes, seed)
    return np.sort(np.concatenate([order[:count] for order, count in zip(orders, counts, strict=True)]))


def part_budget(
    whole: Index, labels: Index, n_classes: int, seed: int, groups: Sequence[str] | None = None
) -> BudgetSplit:
    """Part the images of a budget into training and validation, as `split_budget` does."""
    # with few images nearly all accuracies are equal: the defaults and the last step are taken instead of a choice
    if len(whole) < LABELS_TO_VALIDATE * n_classes:
        return BudgetSplit(whole, np.empty(0, np.int64))
    if groups is not None:
        return _by_groups(whole, labels, groups, seed)
    chosen = [order[np.isin(order, whole)] for order in _class_orders(labels, n_classes, seed)]
    val = np.sort(np.concatenate([order[len(order) - _share_of(len(order), VALIDATION_SHARE) :] for order in chosen]))
    return BudgetSplit(np.setdiff1d(whole, val), val)


def folds_of(
    split: BudgetSplit, labels: Index, n_classes: int, seed: int, groups: Sequence[str] | None = None
) -> tuple[Fold, ...]:
    """Return what a choice that costs next to nothing is made by; nothing where the budget is too small.

    Each image of a small budget is held out once, in one of five stratified folds (fewer where classes have fewer
    images); groups are never parted. Larger
    budgets have one fold, their validation part, and so have budgets beside the user's own validation images. An image
    whose class its fold can't learn is left out: no strength could be told from another by it.
    """
    whole = split.all
    if split.own or len(whole) > FOLDED_LABELS:
        parts = [(split.fit, split.val)] if len(split.val) else []
    elif len(whole) < LABELS_TO_FOLD * n_classes:
        parts = []
    elif groups is not None:
        names = np.asarray(groups)[whole]
        parts = [(whole[fit], whole[held]) for fit, held in _group_folds(labels[whole], names, seed)]
    else:
        ordered = np.concatenate([order[np.isin(order, whole)] for order in _class_orders(labels, n_classes, seed)])
        folds = _folds_for(np.bincount(labels[whole], minlength=n_classes))
        # every fifth in the order of the classes: each fold has its share of each class, and as many images as any
        parts = [(np.setdiff1d(whole, ordered[first::folds]), ordered[first::folds]) for first in range(folds)]
    judged = [Fold(fit, np.sort(held[np.isin(labels[held], labels[fit])])) for fit, held in parts]
    return tuple(fold for fold in judged if len(fold.held))


def _folds_for(counts: Index) -> int:
    """Return in how many folds classes of these counts are parted: no more than the middle one has images.

    A fold that holds out some classes and not others leaves these the more to learn from, and is answered by them.
    """
    return int(min(FOLDS, max(2, np.median(counts[counts > 0]))))


def _group_folds(labels: Index, names: npt.NDArray[np.str_], seed: int) -> list[tuple[Index, Index]]:
    """Return positions to learn from and positions held out, for each fold; nothing where groups are too few."""
    # it can't part into more folds than its largest class has images
    folds = min(FOLDS, int(np.bincount(labels).max()))
    if len(np.unique(names)) < FOLDS or folds < 2:
        return []
    from sklearn.model_selection import StratifiedGroupKFold  # seconds; suites are checked by importing this module

    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed % 2**32)  # it takes seeds of 32 bits
    with warnings.catch_warnings():  # it warns of classes with fewer images than folds, which are common here
        warnings.simplefilter("ignore", UserWarning)
        return [(fit, held) for fit, held in splitter.split(np.zeros(len(labels)), labels, names)]


def _share_of(images: int, share: float) -> int:
    """Return a share of a class's images: at least one, but none of a single one, which is needed to learn from."""
    return max(1, int(share * images + 0.5)) if images > 1 else 0


def _by_groups(whole: Index, labels: Index, groups: Sequence[str], seed: int) -> BudgetSplit:
    names = np.asarray(groups)[whole]
    if len(np.unique(names)) < round(1 / VALIDATION_SHARE):
        return BudgetSplit(whole, np.empty(0, np.int64))
    fit, val = _group_fold(labels[whole], names, VALIDATION_SHARE, seed)
    return BudgetSplit(whole[fit], whole[val])


def _group_fold(labels: Index, names: npt.NDArray[np.str_], share: float, seed: int) -> tuple[Index, Index]:
    from sklearn.model_selection import StratifiedGroupKFold  # seconds; suites are checked by importing this module

    folds = round(1 / share)
    if len(np.unique(names)) < folds:
        raise InvalidData(f"{len(np.unique(names))} groups are too few to hold some out; give at least {folds}")
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed % 2**32)  # it takes seeds of 32 bits
    fit, held = next(splitter.split(np.zeros(len(labels)), labels, names))
    return fit.astype(np.int64), held.astype(np.int64)


def hold_out(labels: Index, n_classes: int, groups: Sequence[str] | None, name: str) -> tuple[Index, Index]:
    """Part a data set that has no test split into training and test images."""
    # of no cell's seed: all cells, whatever theirs, are tested on the same images
    seed = derive("hold out", name)
    if groups is not None:
        return _group_fold(labels, np.asarray(groups), HELD_OUT_SHARE, seed)
    orders = _class_orders(labels, n_classes, seed)
    held = np.sort(np.concatenate([order[: _share_of(len(order), HELD_OUT_SHARE)] for order in orders]))
    return np.setdiff1d(np.arange(len(labels)), held), held


def limited(labels: Index, n_classes: int, limit: int | None) -> Index:
    """Return the indices of at most `limit` images, from each class in turn; all where `limit` is null."""
    if limit is None or limit >= len(labels):
        return np.arange(len(labels))
    orders = _class_orders(labels, n_classes, derive("limit"))
    turns = sorted((position, label) for label, order in enumerate(orders) for position in range(len(order)))
    return np.sort(np.array([orders[label][position] for position, label in turns[:limit]], np.int64))
