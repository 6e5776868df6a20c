"""A compared figure and its change are told with their unit; what has no number is a dash."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.gate.changes import Change
from bench.gate.quantities import QUANTITIES
from bench.gate.rules import parse_rule
from bench.reports.checks.figures import changed, figure, grown


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("accuracy", 0.912, "91.20 %"),
        ("throughput", 1698.0, "1,698 images/s"),
        ("min", 0.0125, "12.5 ms"),
        ("peak_rss", 570.83, "570.8 MiB"),
        ("trainable_params", 3e60, "3e+60"),
        ("min", None, "-"),
    ],
)
def test_a_figure_has_its_unit(name: str, value: float | None, told: str) -> None:
    """And few digits."""
    assert figure(value, QUANTITIES[name]) == told


def test_a_change_that_has_no_mean_is_a_dash() -> None:
    """And one whose ratio is beyond all numbers is infinite, not an error."""
    rule = parse_rule("throughput:5%")
    assert changed(rule, Change(None, None, None, None, 2, False)) == "-"
    assert changed(rule, Change(900.0, None, None, None, 2, False)) == "+inf %"
    assert grown(rule, 900.0) == math.inf
    assert changed(rule, Change(math.log(1.1), 0.0, 0.2, 0.1, 2, False)) == "+10 % (0 to 22.1)"


@given(st.sampled_from(sorted(QUANTITIES)), st.floats(-1e100, 1e100))
def test_every_figure_can_be_told(name: str, value: float) -> None:
    """In one short line."""
    assert 0 < len(figure(value, QUANTITIES[name])) < 110
