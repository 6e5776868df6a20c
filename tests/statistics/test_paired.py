"""Paired comparisons: coverage, false alarms and power on simulated seeds and images; closed forms by scipy."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from bench.statistics.paired import all_pairs, crossed, holm
from tests.tools.simulations.pairs import simulate


@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize("by_seed", [0.0, 0.2])
def test_interval_covers_the_truth_over_seeds_and_images(seeds: int, by_seed: float) -> None:
    """Near 95 %, whether trainings differ by luck or not; a difference that is not there is rarely found."""
    found = simulate(seeds, by_seed, 0.0)
    assert 0.91 <= found.covered <= 0.99
    assert found.rejected <= 0.09


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_interval_covers_closely_where_trainings_differ_by_luck(seeds: int) -> None:
    """Within 93 to 97 % over 4,000 simulations of 2,000 images."""
    found = simulate(seeds, 0.1, 0.0, images=1000, times=3000)
    assert 0.93 <= found.covered <= 0.97
    assert 0.03 <= found.rejected <= 0.07


def test_three_points_are_found_with_images_enough() -> None:
    """Five seeds, two thousand images, trainings that differ little: power over one half."""
    found = simulate(5, 0.05, 0.1, images=2000, times=150)
    assert found.truth == pytest.approx(0.031, abs=0.003)
    assert found.rejected > 0.5


def test_images_alike_leave_the_t_test_over_seeds() -> None:
    """Where every image says the same, the seeds are all there is."""
    by_seed = np.array([0.01, 0.03, 0.02, 0.05])
    found = crossed(np.repeat(by_seed[:, None], 50, 1))
    expected = ttest_1samp(by_seed, 0.0)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-6)
    low, high = expected.confidence_interval()
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_single_seed_is_not_tested() -> None:
    """Its interval is over the images alone."""
    generator = np.random.default_rng(0)
    values = generator.normal(0.1, 1.0, size=(1, 200))
    found = crossed(values)
    low, high = ttest_1samp(values[0], 0.0).confidence_interval()
    assert (found.p, found.seeds, found.images) == (None, 1, 200)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_no_difference_anywhere_is_no_difference() -> None:
    found = crossed(np.zeros((3, 20)))
    assert (found.mean, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)
    with pytest.raises(ValueError, match="two test images"):
        crossed(np.zeros((3, 1)))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_monotone_and_no_smaller_than_the_plain_values(values: list[float]) -> None:
    """And never above Bonferroni's."""
    adjusted = holm(values)
    assert all(
        plain <= found <= min(1.0, len(values) * plain) + 1e-12 for plain, found in zip(values, adjusted, strict=True)
    )
    order = sorted(range(len(values)), key=lambda index: values[index])
    assert all(adjusted[first] <= adjusted[second] for first, second in itertools.pairwise(order))


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == [pytest.approx(0.03), pytest.approx(0.06), pytest.approx(0.06)]


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 4), st.integers(2, 12), st.integers(0, 10_000))
def test_sums_tell_of_any_pair_what_its_answers_do(seeds: int, images: int, draw: int) -> None:
    """The same figures, whichever two of three models."""
    right = np.random.default_rng(draw).random((3, seeds, images)) < 0.7
    table = all_pairs(right)
    for first, second in itertools.permutations(range(3), 2):
        plain = crossed(right[first].astype(float) - right[second])
        found = table.difference(first, second)
        assert (found.seeds, found.images) == (plain.seeds, plain.images)
        assert found.mean == pytest.approx(plain.mean)
        assert found.error == pytest.approx(plain.error, abs=1e-9)
        assert (found.p is None) == (plain.p is None)
        alike = [part > 0 for part in found.variances] == [part > 0 for part in plain.variances]
        if plain.error > 1e-6 and alike:  # a component of nothing but rounding counts or not by its last digit
            assert found.freedom == pytest.approx(plain.freedom)
            assert found.low == pytest.approx(plain.low)


def test_sums_of_a_single_image_are_refused() -> None:
    with pytest.raises(ValueError, match="two test images"):
        all_pairs(np.ones((2, 3, 1), bool))
