"""Where curves cross, and how many labels a target takes."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.learning_curves import Point, PowerLaw, crossover, fit_power_law, labels_needed

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
