"""Label budgets: nested, stratified, and never more than they say."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench.data.splits import (
    LABELS_TO_VALIDATE,
    BudgetSplit,
    Index,
    folds_of,
    hold_out,
    index_sha256,
    limited,
    part_budget,
    split_budget,
)
from bench.errors import InvalidData
from bench.schema import Budget

CLASSES = st.lists(st.integers(1, 40), min_size=2, max_size=6)
SEEDS = st.integers(0, 2**63 - 1)
quickly = settings(deadline=None, max_examples=60)


def shuffled_labels(sizes: Sequence[int]) -> Index:
    """Labels of classes of these sizes, in an order that is no class's."""
    return np.random.default_rng(0).permutation(np.repeat(np.arange(len(sizes)), sizes))


def counts_of(labels: Index, index: Index, n_classes: int) -> list[int]:
    return np.bincount(labels[index], minlength=n_classes).tolist()


@st.composite
def drawn(draw: st.DrawFn) -> tuple[Index, int, Budget, int]:
    """Labels, the number of classes, a budget that they can meet, and a seed."""
    sizes = draw(CLASSES)
    budget = draw(
        st.one_of(
            st.builds(Budget, st.just("fraction"), st.floats(0.01, 1.0)),
            st.builds(Budget, st.just("labels_per_class"), st.integers(1, 50)),
            st.builds(Budget, st.just("labels"), st.integers(len(sizes), sum(sizes))),
        )
    )
    return shuffled_labels(sizes), len(sizes), budget, draw(SEEDS)


def assert_nested(sizes: Sequence[int], budgets: Sequence[Budget], seed: int) -> None:
    labels = shuffled_labels(sizes)
    small, large = (set(split_budget(labels, len(sizes), budget, seed).all) for budget in budgets)
    assert small <= large


@quickly
@given(CLASSES, st.floats(0.01, 1.0), st.floats(0.01, 1.0), SEEDS)
def test_a_larger_fraction_contains_the_smaller(sizes: list[int], one: float, other: float, seed: int) -> None:
    assert_nested(sizes, [Budget("fraction", value) for value in sorted((one, other))], seed)


@quickly
@given(CLASSES, st.integers(1, 50), st.integers(1, 50), SEEDS)
def test_more_labels_per_class_contain_the_fewer(sizes: list[int], one: int, other: int, seed: int) -> None:
    assert_nested(sizes, [Budget("labels_per_class", value) for value in sorted((one, other))], seed)


@quickly
@given(CLASSES, st.data(), SEEDS)
def test_a_larger_count_of_labels_contains_the_smaller(sizes: list[int], data: st.DataObject, seed: int) -> None:
    count = st.integers(len(sizes), sum(sizes))
    counts = sorted((data.draw(count), data.draw(count)))
    assert_nested(sizes, [Budget("labels", value) for value in counts], seed)


@quickly
@given(CLASSES, st.floats(0.01, 1.0), SEEDS)
def test_a_fraction_is_stratified(sizes: list[int], fraction: float, seed: int) -> None:
    labels = shuffled_labels(sizes)
    counts = counts_of(labels, split_budget(labels, len(sizes), Budget("fraction", fraction), seed).all, len(sizes))
    for size, count in zip(sizes, counts, strict=True):
        assert count == 1 or abs(count - fraction * size) <= 0.5 + 1e-9
        assert count >= 1


@quickly
@given(CLASSES, st.integers(1, 50), SEEDS)
def test_labels_per_class_are_exact_or_all_that_a_class_has(sizes: list[int], wanted: int, seed: int) -> None:
    labels = shuffled_labels(sizes)
    split = split_budget(labels, len(sizes), Budget("labels_per_class", wanted), seed)
    assert counts_of(labels, split.all, len(sizes)) == [min(wanted, size) for size in sizes]


@quickly
@given(CLASSES, st.data(), SEEDS)
def test_a_count_of_labels_is_met_and_shared_out_in_proportion(
    sizes: list[int], data: st.DataObject, seed: int
) -> None:
    total = data.draw(st.integers(len(sizes), sum(sizes)))
    labels = shuffled_labels(sizes)
    split = split_budget(labels, len(sizes), Budget("labels", total), seed)
    counts = counts_of(labels, split.all, len(sizes))
    assert len(split.all) == total
    assert min(counts) >= 1
    assert len(set(sizes)) > 1 or max(counts) - min(counts) <= 1


@quickly
@given(drawn())
def test_training_and_validation_are_disjoint_parts_of_the_budget(case: tuple[Index, int, Budget, int]) -> None:
    labels, n_classes, budget, seed = case
    split = split_budget(labels, n_classes, budget, seed)
    assert len(set(split.all)) == len(split.fit) + len(split.val)
    assert set(split.all) <= set(range(len(labels)))
    assert (np.diff(split.fit) > 0).all()
    assert (np.diff(split.val) > 0).all()


@quickly
@given(drawn())
def test_every_class_with_two_labels_validates_where_anything_does(case: tuple[Index, int, Budget, int]) -> None:
    labels, n_classes, budget, seed = case
    split = split_budget(labels, n_classes, budget, seed)
    if len(split.all) < LABELS_TO_VALIDATE * n_classes:
        assert len(split.val) == 0
        return
    whole, val = (counts_of(labels, index, n_classes) for index in (split.all, split.val))
    for count, held in zip(whole, val, strict=True):
        assert (held >= 1) == (count >= 2)
        assert held == 0 or held == 1 or abs(held - 0.2 * count) <= 0.5 + 1e-9


@pytest.mark.parametrize(("per_class", "validated"), [(4, 0), (5, 10)])
def test_five_labels_per_class_are_what_validation_takes(per_class: int, validated: int) -> None:
    labels = shuffled_labels([30] * 10)
    assert len(split_budget(labels, 10, Budget("labels_per_class", per_class), 0).val) == validated


@quickly
@given(CLASSES, st.integers(1, 20), SEEDS)
def test_a_class_draws_the_same_images_whatever_the_others_hold(sizes: list[int], wanted: int, seed: int) -> None:
    labels = shuffled_labels(sizes)
    merged = np.where(labels == 0, 0, 1)
    budget = Budget("labels_per_class", wanted)
    mine, others = split_budget(labels, len(sizes), budget, seed).all, split_budget(merged, 2, budget, seed).all
    assert mine[labels[mine] == 0].tolist() == others[merged[others] == 0].tolist()


@quickly
@given(drawn())
def test_the_same_seed_draws_the_same_labels(case: tuple[Index, int, Budget, int]) -> None:
    labels, n_classes, budget, seed = case
    one, other = split_budget(labels, n_classes, budget, seed), split_budget(labels, n_classes, budget, seed)
    assert one.sha256 == other.sha256
    assert one.val.tolist() == other.val.tolist()


def test_another_seed_draws_other_labels() -> None:
    labels = shuffled_labels([50] * 4)
    hashes = {split_budget(labels, 4, Budget("labels_per_class", 5), seed).sha256 for seed in range(10)}
    assert len(hashes) == 10


def test_the_draw_leaves_the_global_generator_alone() -> None:
    np.random.seed(3)
    before = np.random.get_state()[1].tolist()
    split_budget(shuffled_labels([20, 20]), 2, Budget("fraction", 0.5), 1)
    assert np.random.get_state()[1].tolist() == before


def test_the_whole_budget_hashes_alike_however_it_is_parted() -> None:
    one = BudgetSplit(np.array([1, 2, 3]), np.array([4]))
    other = BudgetSplit(np.array([2, 4]), np.array([1, 3]))
    assert one.sha256 == other.sha256 == index_sha256(np.array([1, 2, 3, 4]))
    assert one.sha256 != index_sha256(np.array([1, 2, 3, 5]))


@pytest.mark.parametrize("count", [2, 31])
def test_a_count_that_cannot_be_met_is_refused_with_what_can(count: int) -> None:
    with pytest.raises(InvalidData, match=r"labels: \d+ can't be met by 30 training images of 3 classes.*3 to 30"):
        split_budget(shuffled_labels([10, 10, 10]), 3, Budget("labels", count), 0)


@settings(deadline=None, max_examples=25)
@given(st.integers(5, 15), st.integers(2, 5), st.integers(0, 10**6))
def test_a_group_is_never_parted_between_training_and_validation(n_groups: int, size: int, seed: int) -> None:
    groups = [f"patient {number}" for number in range(n_groups) for _ in range(2 * size)]
    labels = np.tile([0, 1], n_groups * size)
    split = split_budget(labels, 2, Budget("fraction", 1.0), seed, groups)
    names = np.asarray(groups)
    assert len(split.val) > 0
    assert len(split.all) == len(labels)
    assert not set(names[split.fit]) & set(names[split.val])


def test_under_five_groups_nothing_validates_and_no_test_split_can_be_held_out() -> None:
    labels = np.tile([0, 1], 20)
    groups = ["left" if number < 20 else "right" for number in range(40)]
    split = split_budget(labels, 2, Budget("fraction", 1.0), 0, groups)
    assert len(split.val) == 0
    assert len(split.fit) == 40
    with pytest.raises(InvalidData, match="2 groups are too few to hold some out; give at least 5"):
        hold_out(labels, 2, groups, "name")


@quickly
@given(CLASSES)
def test_what_is_held_out_is_a_stratified_fifth(sizes: list[int]) -> None:
    labels = shuffled_labels(sizes)
    train, test = hold_out(labels, len(sizes), None, "mine")
    assert sorted([*train, *test]) == list(range(len(labels)))
    for size, held in zip(sizes, counts_of(labels, test, len(sizes)), strict=True):
        assert held == (max(1, int(0.2 * size + 0.5)) if size > 1 else 0)


def test_what_is_held_out_hangs_on_the_name_alone() -> None:
    labels = shuffled_labels([30, 30])
    held = [hold_out(labels, 2, None, name)[1].tolist() for name in ("mine", "mine", "other")]
    assert held[0] == held[1] != held[2]


def test_groups_stay_whole_when_a_test_set_is_held_out() -> None:
    groups = [f"video {number // 4}" for number in range(80)]
    labels = np.tile([0, 1], 40)
    train, test = hold_out(labels, 2, groups, "mine")
    assert sorted([*train, *test]) == list(range(80))
    assert not {groups[i] for i in train} & {groups[i] for i in test}


@quickly
@given(CLASSES, st.integers(1, 300))
def test_a_limit_keeps_so_many_images_taken_from_the_classes_in_turn(sizes: list[int], limit: int) -> None:
    labels = shuffled_labels(sizes)
    index = limited(labels, len(sizes), limit)
    assert len(index) == len(set(index)) == min(limit, sum(sizes))
    assume(limit < sum(sizes))
    counts = counts_of(labels, index, len(sizes))
    unfilled = [count for count, size in zip(counts, sizes, strict=True) if count < size]
    assert max(counts) - min(unfilled) <= 1


def test_without_a_limit_all_images_stay() -> None:
    assert limited(shuffled_labels([3, 4]), 2, None).tolist() == list(range(7))


@given(
    st.integers(2, 6),
    st.integers(2, 12),
    st.integers(0, 2**31),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_folds_hold_each_image_of_a_small_budget_out_once(classes: int, each: int, seed: int, grouped: bool) -> None:
    """By an image's class as evenly as can be; never an image and its like on both sides, nor one nobody can learn."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, classes * each * 3)
    groups = [f"g{number}" for number in generator.integers(0, 3 * classes, len(labels))] if grouped else None
    chosen = np.sort(generator.permutation(len(labels))[: classes * each])
    split = part_budget(chosen, labels, classes, seed, groups)
    folds = folds_of(split, labels, classes, seed, groups)
    held = np.concatenate([fold.held for fold in folds]) if folds else np.empty(0, np.int64)
    assert len(set(held)) == len(held)
    for fold in folds:
        assert not set(fold.fit) & set(fold.held)
        assert set(fold.fit) | set(fold.held) <= set(chosen)
        assert set(labels[fold.held]) <= set(labels[fold.fit])
        if groups is not None:
            assert not {groups[i] for i in fold.fit} & {groups[i] for i in fold.held}
        else:
            counts = np.bincount(labels[np.setdiff1d(chosen, fold.fit)], minlength=classes)
            counted = np.bincount(labels[chosen], minlength=classes)
            fair = counted / min(5, max(2, int(np.median(counted[counted > 0]))))
            assert (np.abs(counts - fair) < 1).all()
    if groups is None:
        assert 2 <= len(folds) <= 5
        alone = [label for label, count in enumerate(np.bincount(labels[chosen], minlength=classes)) if count == 1]
        assert set(held) == set(chosen[~np.isin(labels[chosen], alone)])


def test_folds_of_large_budgets_and_of_own_validation_are_one() -> None:
    """The validation part itself; nothing where the budget is too small to hold anything out."""
    labels = np.arange(4000) % 10
    large = part_budget(np.arange(4000), labels, 10, 1)
    assert len(large.val) == 800
    (fold,) = folds_of(large, labels, 10, 1)
    assert np.array_equal(fold.fit, large.fit)
    assert np.array_equal(fold.held, large.val)
    own = BudgetSplit(np.arange(20), np.arange(100, 140), own=True)
    (fold,) = folds_of(own, labels, 10, 1)
    assert np.array_equal(fold.held, own.val)
    assert folds_of(BudgetSplit(np.arange(19), np.empty(0, np.int64)), labels, 10, 1) == ()
    for each in (2, 3, 5, 8):
        split = BudgetSplit(np.arange(10 * each), np.empty(0, np.int64))
        assert len(folds_of(split, labels, 10, 1)) == min(5, each)
