"""Paired comparisons: coverage, false alarms and power on simulated seeds and images; closed forms by scipy."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student
from scipy.stats import ttest_1samp

from bench.statistics.paired import Difference, all_pairs, crossed, holm, stepped_down
from tests.tools.simulations.pairs import simulate


@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize("by_seed", [0.0, 0.2])
def test_interval_covers_the_truth_over_seeds_and_images(seeds: int, by_seed: float) -> None:
    """95 % or more, whether trainings differ by luck or not; a difference that is not there is rarely found."""
    found = simulate(seeds, by_seed, 0.0)
    assert found.covered >= 0.91
    assert found.rejected <= 0.09


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_interval_covers_closely_where_trainings_differ_by_luck(seeds: int) -> None:
    """In 94.5 % of 3,000 simulations of 1,000 images or more; few seeds are the more careful."""
    found = simulate(seeds, 0.1, 0.0, images=1000, times=3000)
    assert found.covered >= 0.945
    assert found.rejected <= 0.055


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
    for level in (0.95, 0.99):
        low, high = expected.confidence_interval(level)
        assert found.interval(1 - level) == (pytest.approx(low), pytest.approx(high))


def test_single_seed_is_not_tested() -> None:
    """Its interval is over the images alone."""
    generator = np.random.default_rng(0)
    values = generator.normal(0.1, 1.0, size=(1, 200))
    found = crossed(values)
    low, high = ttest_1samp(values[0], 0.0).confidence_interval()
    assert (found.p, found.seeds, found.images) == (None, 1, 200)
    assert found.interval() == (pytest.approx(low), pytest.approx(high))


def test_no_difference_anywhere_is_no_difference() -> None:
    found = crossed(np.zeros((3, 20)))
    assert (found.mean, found.interval(), found.p) == (0.0, (0.0, 0.0), 1.0)
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
@given(st.integers(2, 6), st.integers(2, 40), st.integers(0, 10_000), st.sampled_from([0.05, 0.3, 0.5, 0.95, 1.0]))
def test_p_is_the_share_at_which_the_interval_ends_at_zero(seeds: int, images: int, drawn: int, chance: float) -> None:
    """Whatever part seeds and images have in the error; nothing that is there has none."""
    generator = np.random.default_rng(drawn)
    found = crossed(
        (generator.random((seeds, images)) < chance) - (generator.random((seeds, images)) < 0.5).astype(float)
    )
    assert found.p is not None
    assert (found.p == 1) == (found.mean == 0)
    if 1e-50 < found.p < 1 and found.error:
        low, high = found.interval(found.p)
        assert min(abs(low), abs(high)) < 1e-6 * (1 + found.error)


def test_quantile_is_weighted_by_what_seeds_and_images_add() -> None:
    """Of seeds alone and of images alone Student's; between them as Cochran and Cox have it."""
    for variances, expected in (
        ((1.0, 0.0, 0.0), student.ppf(0.995, 2)),
        ((0.0, 1.0, 0.0), student.ppf(0.995, 99)),
        ((1.0, 2.0, 1.0), (student.ppf(0.995, 2) + student.ppf(0.995, 99)) / 2),
    ):
        found = Difference(0.1, None, 3, 100, 1.0, 5.0, 2.0, variances)
        assert found.quantile(0.01) == pytest.approx(expected)


def test_levels_of_intervals_by_hand() -> None:
    """A third of 5 %, then a half for what is not rejected, and for all after it; tests left out count as such."""
    assert [each.missing for each in stepped_down([0.01, 0.04, 0.03])] == pytest.approx([0.05 / 3, 0.025, 0.025])
    assert [each.missing for each in stepped_down([0.01, 0.02])] == pytest.approx([0.025, 0.05])
    (alone,) = stepped_down([0.004], size=10)
    assert (alone.p, alone.missing) == (pytest.approx(0.04), pytest.approx(0.005))
    assert stepped_down([]) == []


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(-8, 8), st.floats(1, 1e5)), min_size=1, max_size=12),
    st.integers(0, 30),
)
def test_interval_excludes_zero_exactly_where_its_test_rejects(tests: list[tuple[float, float]], more: int) -> None:
    """Whatever the statistics and their degrees of freedom; none is narrower than that of 95 %."""
    values = [float(2 * student.sf(abs(statistic), freedom)) for statistic, freedom in tests]
    corrected = stepped_down(values, len(values) + more)
    assert [each.p for each in corrected] == [each.p for each in stepped_down(values, len(values) + more)]
    for (statistic, freedom), each in zip(tests, corrected, strict=True):
        low, high = Difference(statistic, None, 3, 9, 1.0, freedom, freedom, (1.0, 0, 0)).interval(each.missing)
        assert 0.05 / (len(values) + more) * (1 - 1e-9) <= each.missing <= 0.05
        if abs(each.p - 0.05) > 1e-6 and min(abs(low), abs(high)) > 1e-6:
            assert (each.p < 0.05) == (low > 0 or high < 0)
            assert each.p >= 0.05 or (low > 0) == (statistic > 0)


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
            assert found.interval(0.01) == pytest.approx(plain.interval(0.01))


def test_sums_of_a_single_image_are_refused() -> None:
    with pytest.raises(ValueError, match="two test images"):
        all_pairs(np.ones((2, 3, 1), bool))
