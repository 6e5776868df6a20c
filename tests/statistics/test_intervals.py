"""Intervals that mean what they say."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from bench.statistics.intervals import mean_interval

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20)


@settings(deadline=None, max_examples=100)
@given(VALUES, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_the_interval_is_students(values: list[float], confidence: float) -> None:
    found = mean_interval(values, confidence)
    spread = scipy_stats.sem(values)
    assert found.n == len(values)
    assert found.mean == pytest.approx(np.mean(values), rel=1e-9, abs=1e-6)
    if spread > 1e-9 * max(1.0, abs(found.mean)):
        low, high = scipy_stats.t.interval(confidence, len(values) - 1, loc=np.mean(values), scale=spread)
        assert found.low == pytest.approx(low, rel=1e-6, abs=1e-6 * spread)
        assert found.high == pytest.approx(high, rel=1e-6, abs=1e-6 * spread)


@settings(deadline=None, max_examples=50)
@given(VALUES, st.randoms(use_true_random=False))
def test_the_order_of_the_values_does_not_matter(values: list[float], random: object) -> None:
    mixed = list(values)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert mean_interval(mixed).mean == mean_interval(values).mean


def test_a_known_interval() -> None:
    found = mean_interval([0.8, 0.9, 1.0])
    assert found.mean == pytest.approx(0.9)
    assert found.half_width == pytest.approx(4.302652729911275 * 0.1 / math.sqrt(3))


def test_one_value_has_no_interval() -> None:
    found = mean_interval([0.5])
    assert (found.mean, found.half_width, found.n) == (0.5, None, 1)
    assert found.low == found.high == 0.5


def test_equal_values_have_an_interval_of_no_width() -> None:
    assert mean_interval([0.25] * 5).half_width == 0


def test_no_values_are_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        mean_interval([])


@pytest.mark.parametrize("n", [3, 5])
def test_the_interval_covers_the_mean_as_often_as_it_says(n: int) -> None:
    draws = np.random.default_rng(2024).normal(0.7, 0.05, size=(2000, n))
    covered = sum(found.low <= 0.7 <= found.high for found in map(mean_interval, draws.tolist()))
    low, high = scipy_stats.binom.interval(0.999, len(draws), 0.95)
    assert low <= covered <= high
