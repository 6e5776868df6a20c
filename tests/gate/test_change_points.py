"""A change of level is found where it is; noise alone is none."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.gate.change_points import FEWEST, LEVEL, SMALLEST, shifts

GENERATOR = np.random.default_rng(1)
NOISE = GENERATOR.normal(1, 0.01, 40)


def test_a_step_is_found_at_its_first_point() -> None:
    """With its share."""
    (found,) = shifts([100 * each for each in NOISE[:12]] + [120 * each for each in NOISE[12:24]])
    assert (found.at, found.share) == (12, pytest.approx(0.2, abs=0.02))
    assert found.p <= LEVEL


def test_two_steps_are_found() -> None:
    """There and back again."""
    levels = [100.0] * 12 + [130.0] * 12 + [100.0] * 12
    found = shifts([level * each for level, each in zip(levels, NOISE, strict=False)])
    assert [each.at for each in found] == [12, 24]
    assert [each.share > 0 for each in found] == [True, False]


@pytest.mark.parametrize(
    "values",
    [
        [],
        [1.0],
        [5.0] * 30,
        [1.0] * 4 + [2.0] * 4,
        [100 * each for each in NOISE],
        [*(100 * NOISE[:12]), *(108 * NOISE[12:24])],
        [0.0] * 20,
    ],
    ids=["none", "one", "constant", "too few", "noise", "small", "zeros"],
)
def test_nothing_is_found_where_nothing_can_be(values: list[float]) -> None:
    """Too few points, no variance, noise, or a change under a tenth."""
    assert shifts(values) == ()


def test_one_outlier_is_no_level() -> None:
    """A level has three points or more."""
    assert shifts([*(100 * NOISE[:10]), 300.0, *(100 * NOISE[10:20])]) == ()


@settings(deadline=None, max_examples=15)
@given(st.lists(st.floats(1.0, 100.0), min_size=2, max_size=24))
def test_levels_are_long_and_the_answer_is_always_the_same(values: list[float]) -> None:
    """Whatever the values."""
    found = shifts(values)
    assert found == shifts(values)
    starts = [0, *(each.at for each in found), len(values)]
    assert all(high - low >= FEWEST for low, high in itertools.pairwise(starts)) or not found
    assert all(abs(each.share) > SMALLEST for each in found)


def test_noise_is_rarely_called_a_change() -> None:
    """By simulation, with noise as large as that of wall time."""
    generator = np.random.default_rng(5)
    alarms = sum(bool(shifts(generator.normal(100, 20, 16).tolist())) for _ in range(40))
    assert alarms <= 3
