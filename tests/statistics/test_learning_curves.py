"""Where curves cross, and how many labels a target takes."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from bench.statistics.learning_curves import (
    Point,
    PowerLaw,
    crossover,
    crossovers,
    fit_power_law,
    labels_needed,
    learning_curve,
    needed,
)

BUDGETS = (10, 50, 100, 1000)


def points(means: tuple[float, ...], error: float = 0.01) -> list[Point]:
    return [Point(labels, mean, error, 4) for labels, mean in zip(BUDGETS, means, strict=True)]


def test_crossing_lies_between_its_budgets_on_the_logarithmic_axis() -> None:
    """Half way in the difference is the geometric mean of the budgets."""
    found = crossover(points((-0.1, -0.05, 0.05, 0.1), 0.001))
    assert found.side == "crosses"
    assert found.labels == pytest.approx(math.sqrt(50 * 100), rel=1e-6)
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.labels < found.high


@pytest.mark.parametrize(("sign", "side"), [(1, "always"), (-1, "never")])
def test_ahead_or_behind_everywhere(sign: int, side: str) -> None:
    """No number is given that was not measured."""
    found = crossover(points((sign * 0.1, sign * 0.1, sign * 0.2, sign * 0.1), 0.001))
    assert (found.side, found.labels, found.low, found.high) == (side, None, None, None)
    assert found.shares[0 if sign > 0 else 1] > 0.99


def test_last_change_counts() -> None:
    """A method that is ahead, falls back and comes again is ahead for good from there on."""
    found = crossover(points((0.1, -0.1, 0.1, 0.2), 0.001))
    assert found.labels is not None
    assert 50 < found.labels < 100


def test_noise_widens_the_interval_and_is_told() -> None:
    """Differences that are all noise may be always, never or between."""
    found = crossover(points((-0.01, 0.0, 0.01, 0.01), 0.05))
    assert all(share > 0.02 for share in found.shares)
    assert found.low is None or found.high is None
    assert sum(found.shares) == pytest.approx(1.0)


@settings(deadline=None, max_examples=30)
@given(ceiling=st.floats(0.7, 0.99), scale=st.floats(0.5, 2.0), exponent=st.floats(0.3, 1.2))
def test_fit_finds_the_curve_that_made_the_points(ceiling: float, scale: float, exponent: float) -> None:
    law = PowerLaw(ceiling, scale, exponent)
    fitted = fit_power_law(BUDGETS, [law.at(labels) for labels in BUDGETS], [0.01] * 4)
    for labels in (20, 300, 1000):
        assert fitted.at(labels) == pytest.approx(law.at(labels), abs=5e-3)


def test_labels_needed_are_read_off_the_curve() -> None:
    """With an interval around, and a warning where they lie outside what was measured."""
    law = PowerLaw(0.95, 2.0, 0.6)
    curve = points(tuple(law.at(labels) for labels in BUDGETS), 0.005)
    inside = labels_needed(curve, 0.9)
    assert inside.labels == pytest.approx(law.needed(0.9), rel=0.05)
    assert inside.low is not None
    assert inside.labels is not None
    assert inside.low < inside.labels
    assert inside.held_out_error == pytest.approx(0.0, abs=1e-3)
    assert not inside.extrapolated
    outside = labels_needed(curve, 0.94)
    assert outside.extrapolated


def test_target_that_the_curve_never_comes_to_has_no_labels() -> None:
    law = PowerLaw(0.8, 1.0, 0.8)
    curve = points(tuple(law.at(labels) for labels in BUDGETS), 0.002)
    assert labels_needed(curve, 0.9).labels is None
    assert law.needed(0.8) is None


def test_three_budgets_have_nothing_to_hold_out() -> None:
    """Two have no curve."""
    law = PowerLaw(0.9, 1.0, 0.5)
    curve = [Point(labels, law.at(labels), 0.01, 4) for labels in (10, 100, 1000)]
    assert labels_needed(curve, 0.85).held_out_error is None
    with pytest.raises(ValueError, match="three label budgets"):
        fit_power_law([1, 2], [0.1, 0.2], [0.1, 0.1])


def test_nearly_flat_curves_need_no_more_labels_than_floats_hold() -> None:
    """And flat ones none, for what they reach."""
    assert PowerLaw(0.9, 5.0, 1e-3).needed(0.8) is not None
    assert PowerLaw(0.9, 0.0, 1.0).needed(0.8) == 0.0
    flat = labels_needed(points((0.8, 0.8, 0.8, 0.8), 0.001), 0.9)
    assert (flat.labels, flat.high) == (None, None)


def test_fit_is_the_best_that_a_general_solver_finds() -> None:
    """Weighted squares of noisy points, no worse than those of scipy from several starts."""
    generator, counts = np.random.default_rng(0), np.array(BUDGETS, float)
    for _ in range(15):
        seen, errors = np.sort(generator.uniform(0.2, 0.95, 4)), generator.uniform(0.003, 0.05, 4)

        def off(parts: npt.NDArray[np.float64], seen: Any = seen, errors: Any = errors) -> Any:
            return (parts[0] - np.exp(parts[1]) * counts ** -parts[2] - seen) / errors

        bounds = ([0.0, -20.0, 1e-3], [1.0, 20.0, 2.0])
        starts = [[min(0.999, seen.max() + 0.02), -1.0, exponent] for exponent in (0.05, 0.3, 1.0)]
        best = min(least_squares(off, start, bounds=bounds).cost for start in starts)
        law = fit_power_law(BUDGETS, seen.tolist(), errors.tolist())
        mine = np.square(off(np.array([law.ceiling, math.log(max(law.scale, 1e-8)), law.exponent]))).sum() / 2
        assert mine <= best + 0.02


def test_one_is_ahead_for_good_where_the_other_falls_behind_for_good() -> None:
    """Both directions come of the same draws."""
    forth, back = crossovers(points((-0.1, -0.05, 0.05, 0.1), 0.02))
    assert (forth.side, back.side) == ("crosses", "never")
    assert forth.shares[2] + forth.shares[1] == pytest.approx(1 - forth.shares[0])
    assert back.shares[1] >= forth.shares[2] + forth.shares[0] - 0.01
    assert forth == crossover(points((-0.1, -0.05, 0.05, 0.1), 0.02))


@given(st.lists(st.floats(-0.3, 0.3), min_size=2, max_size=5), st.floats(1e-3, 0.3))
def test_shares_of_the_draws_are_shares(means: list[float], error: float) -> None:
    """None is a hair below 0 or above 1."""
    given_points = [Point(10 * (place + 1), mean, error, 4) for place, mean in enumerate(means)]
    for found in crossovers(given_points):
        assert all(0 <= share <= 1 for share in found.shares)
        assert math.fsum(found.shares) == pytest.approx(1)


def test_target_with_an_error_of_its_own_has_a_wider_interval() -> None:
    law = PowerLaw(0.95, 2.0, 0.6)
    curve = learning_curve(points(tuple(law.at(labels) for labels in BUDGETS), 0.005))
    sure, unsure = needed(curve, 0.85), needed(curve, 0.85, 0.02, 4)
    assert sure.labels == unsure.labels
    assert None not in (sure.low, sure.high, unsure.low, unsure.high)
    assert unsure.low < sure.low < sure.high < unsure.high  # type: ignore[operator]
