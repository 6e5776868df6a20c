"""Which images are chosen: as many as asked for, once each, nested where the rule allows, blind to other labels."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from bench.data import selection
from bench.data.selection import Pool
from bench.data.splits import Index
from bench.errors import InvalidData
from bench.schema import Budget

PIXELS, LABELS = load_digits(return_X_y=True)
PIXELS, LABELS = PIXELS[:240].astype(np.float32), LABELS[:240].astype(np.int64)
RULES: dict[str, Callable[[Pool], Index]] = {
    "stratified": selection.stratified,
    "random": selection.at_random,
    "kcenter": selection.k_center,
    "herding": selection.herding,
    "typiclust": selection.typiclust,
}
NESTED = ("stratified", "random", "kcenter", "herding")


def pool(budget: Budget, seed: int = 0, labels: Index = LABELS) -> Pool:
    """The first digits, by their pixels."""
    return Pool(labels, 10, budget, seed, lambda: PIXELS)


@pytest.mark.parametrize("rule", RULES)
@settings(deadline=None, max_examples=8)
@given(count=st.integers(10, 240), seed=st.integers(0, 2**31))
def test_as_many_as_asked_for_once_each(rule: str, count: int, seed: int) -> None:
    chosen = RULES[rule](pool(Budget("labels", count), seed))
    assert len(chosen) == len(set(chosen.tolist())) == count
    assert (np.diff(chosen) > 0).all()
    assert chosen.min() >= 0
    assert chosen.max() < len(LABELS)
    again = RULES[rule](pool(Budget("labels", count), seed))
    assert chosen.tolist() == again.tolist()


@pytest.mark.parametrize("rule", NESTED)
@settings(deadline=None, max_examples=8)
@given(counts=st.tuples(st.integers(10, 120), st.integers(0, 120)), seed=st.integers(0, 2**31))
def test_larger_budget_holds_the_smaller(rule: str, counts: tuple[int, int], seed: int) -> None:
    small, large = (RULES[rule](pool(Budget("labels", count), seed)) for count in (counts[0], sum(counts)))
    assert set(small.tolist()) <= set(large.tolist())


@pytest.mark.parametrize("rule", [name for name in RULES if name != "stratified"])
def test_rule_reads_no_label(rule: str) -> None:
    """Shuffled labels change nothing: they are not known before the images are chosen."""
    other = np.random.default_rng(0).permutation(LABELS)
    budget = Budget("labels_per_class", 3)
    assert RULES[rule](pool(budget)).tolist() == RULES[rule](pool(budget, labels=other)).tolist()


def coverage(chosen: Index) -> float:
    """The largest distance of any image to the nearest chosen one."""
    scaled = pool(Budget("labels", 10)).scaled()
    distances = np.linalg.norm(scaled[:, None] - scaled[chosen][None], axis=2)
    return float(distances.min(1).max())


def mean_gap(chosen: Index) -> float:
    """The distance of the chosen images' mean to the mean of all."""
    scaled = pool(Budget("labels", 10)).scaled()
    return float(np.linalg.norm(scaled[chosen].mean(0) - scaled.mean(0)))


def test_k_center_covers_better_than_chance_and_herding_keeps_the_mean() -> None:
    """Each by what it is made for, against ten random draws."""
    budget = Budget("labels", 30)
    drawn = [selection.at_random(pool(budget, seed)) for seed in range(10)]
    assert coverage(selection.k_center(pool(budget))) < min(map(coverage, drawn))
    assert mean_gap(selection.herding(pool(budget))) < min(map(mean_gap, drawn))


def test_typiclust_meets_more_classes_with_few_labels() -> None:
    """One image per cluster: ten labels see more digits than ten random ones do on average."""
    budget = Budget("labels", 10)

    def kinds(chosen: npt.NDArray[np.int64]) -> int:
        return len(set(LABELS[chosen].tolist()))

    chance = np.mean([kinds(selection.at_random(pool(budget, seed))) for seed in range(20)])
    found = np.mean([kinds(selection.typiclust(pool(budget, seed))) for seed in range(5)])
    assert found > chance


@pytest.mark.parametrize("rule", [name for name in RULES if name != "stratified"])
def test_no_labels_are_no_images_and_too_many_are_refused(rule: str) -> None:
    assert len(RULES[rule](pool(Budget("fraction", 0.0)))) == 0
    with pytest.raises(InvalidData, match="300 of 240 training images"):
        RULES[rule](pool(Budget("labels", 300)))
