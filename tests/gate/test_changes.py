"""What a figure changed by: a mean only where there is one."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.gate.changes import averaged, change_of
from bench.gate.compare import judge
from bench.gate.rules import parse_rule

ANY = st.sampled_from([0.0, -1.0, -0.0, 5e-324, 1e-300, 1.0, 1e100, -1e100]) | st.floats(-1e100, 1e100)


@pytest.mark.parametrize("rule", ["throughput:5%", "total_time:ci"])
def test_a_rise_from_nothing_and_a_fall_to_nothing_have_no_mean(rule: str) -> None:
    """Null, and unknown: neither an error nor the same."""
    change = change_of(parse_rule(rule), [(0.0, 1.0), (2.0, 0.0)])
    assert (change.value, change.low, change.p) == (None, None, None)
    assert judge(parse_rule(rule), change, change.p) == "unknown"


def test_peaks_that_rose_from_nothing_and_fell_to_nothing_have_no_middle() -> None:
    """As above: the middle of two infinities is none."""
    rule = parse_rule("peak_rss:3%")
    change = change_of(rule, [(0.0, 1.0), (2.0, 0.0)])
    assert (change.value, judge(rule, change, None)) == (None, "unknown")


def test_one_rise_from_nothing_is_without_bound() -> None:
    """And its interval is not to be had."""
    change = averaged([math.inf, 0.1], equal=False)
    assert (change.value, change.low, change.pairs) == (math.inf, None, 2)


def test_a_figure_below_nothing_has_no_ratio() -> None:
    """A share of it could be read in two ways; a difference is what it is."""
    rule = parse_rule("loss:5%", ["loss"])
    assert change_of(rule, [(-2.0, -1.0), (1.0, 1.1)]).value is None
    assert change_of(rule, [(-2.0, -2.0)]).equal
    assert change_of(parse_rule("loss:0", ["loss"]), [(-2.0, -1.0)]).value == 1.0


@given(
    st.sampled_from(["throughput:5%", "min:5%", "min:ci", "accuracy:ci", "peak_rss:3%", "peak_rss:ci", "calls:2%"]),
    st.lists(st.tuples(ANY, ANY), min_size=1, max_size=6),
)
def test_whatever_the_figures_there_is_a_word(text: str, pairs: list[tuple[float, float]]) -> None:
    """Never an error, and never *not a number*."""
    rule = parse_rule(text, ["calls"])
    change = change_of(rule, pairs)
    assert all(each is None or not math.isnan(each) for each in (change.value, change.low, change.high, change.p))
    assert judge(rule, change, change.p) in ("worse", "better", "same", "unknown")
    assert judge(rule, change, change.p) == "same" or not change.equal
