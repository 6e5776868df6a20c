"""Thinned and packed curves: few points, each measured, no spike lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bench.records.curves import NO_NUMBER, POINTS, extremes, pack

CURVES = st.integers(1, 3000).flatmap(
    lambda count: arrays(np.float64, count, elements=st.floats(-1e6, 1e6), fill=st.just(0.5))
)


@given(CURVES)
def test_a_packed_curve_is_small_and_close_to_what_was_measured(values: np.ndarray) -> None:
    curve = pack(values)
    assert (curve.steps, len(curve.at)) == (len(values), len(curve.levels))
    assert 1 <= len(curve.at) <= POINTS
    span = values.max() - values.min()
    for step, value in curve.points:
        assert value == pytest.approx(values[step], abs=span / 65534 + 1e-9)


@given(CURVES)
def test_the_lowest_and_the_highest_are_always_shown(values: np.ndarray) -> None:
    shown = values[extremes(values)]
    assert (shown.min(), shown.max()) == (values.min(), values.max())


def test_a_short_curve_is_kept_whole() -> None:
    assert pack(np.arange(100.0)).points == [(step, pytest.approx(step, abs=1e-3)) for step in range(100)]


def test_steps_stand_in_their_order() -> None:
    steps = [step for step, _ in pack(np.sin(np.arange(1000.0))).points]
    assert steps == sorted(set(steps))


def test_what_is_no_number_is_a_gap() -> None:
    curve = pack(np.array([1.0, np.nan, 3.0, np.inf]))
    assert [level == NO_NUMBER for level in curve.levels] == [False, True, False, True]
    assert np.isnan([value for _, value in curve.points]).tolist() == [False, True, False, True]
    assert (curve.low, curve.high) == (1.0, 3.0)


def test_a_curve_of_nothing_but_gaps_can_be_packed() -> None:
    assert all(np.isnan(value) for _, value in pack(np.full(500, np.nan)).points)


def test_a_curve_of_more_steps_than_sixteen_bits_count_is_told_to_a_stride() -> None:
    values = np.zeros(200_000)
    values[123_456] = 1.0
    curve = pack(values)
    (spike,) = [step for step, value in curve.points if value == 1.0]
    assert curve.stride == 4
    assert spike == 123_456
