"""Which settings are tried: as many as asked for, different, within their ranges, the same ones every time."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.schema import Span
from bench.suites.search import draw

SPANS = st.builds(
    lambda low, factor, log: Span(low, low * factor, log), st.floats(1e-5, 1.0), st.floats(1.5, 100.0), st.booleans()
)
VALUES = st.lists(st.integers(0, 20), min_size=1, max_size=4, unique=True).map(tuple)


@settings(deadline=None, max_examples=60)
@given(
    space=st.dictionaries(st.sampled_from("abc"), SPANS | VALUES, min_size=1),
    trials=st.integers(2, 12),
    search=st.sampled_from(["random", "halving"]),
    seed=st.integers(0, 2**31),
)
def test_random_settings_are_distinct_and_within_the_space(
    space: dict[str, Any], trials: int, search: str, seed: int
) -> None:
    found = draw(space, trials, search, seed)
    assert 1 <= len(found) <= trials
    assert len({str(one) for one in found}) == len(found)
    for one in found:
        assert one.keys() == space.keys()
        for key, values in space.items():
            if isinstance(values, Span):
                assert values.low * 0.999 <= one[key] <= values.high * 1.001
            else:
                assert one[key] in values
    if any(isinstance(values, Span) for values in space.values()):
        assert len(found) == trials
    assert draw(space, trials, search, seed) == found


@given(space=st.dictionaries(st.sampled_from("abc"), VALUES, min_size=1))
def test_a_grid_is_all_combinations(space: dict[str, Any]) -> None:
    found = draw(space, 100, "grid", 0)
    expected = 1
    for values in space.values():
        expected *= len(values)
    assert len(found) == len({str(one) for one in found}) == expected


@pytest.mark.parametrize(
    ("space", "said"),
    [
        ({"a": (1, 2, 3), "b": (1, 2)}, "has 6 settings; write trials: 6"),
        ({"a": Span(0.1, 1.0, True)}, "a: a grid needs its values"),
    ],
)
def test_a_grid_that_can_not_be_is_refused(space: dict[str, Any], said: str) -> None:
    """No silent part of it."""
    with pytest.raises(BenchError, match=said):
        draw(space, 4, "grid", 0)


def test_without_a_space_nothing_is_tried() -> None:
    assert draw({}, 8, "random", 0) == ()


def test_logarithmic_draws_are_even_in_the_logarithm() -> None:
    """Half of them below the geometric mean."""
    drawn = [one["a"] for one in draw({"a": Span(1e-4, 1.0, True)}, 400, "random", 0)]
    assert 0.4 < sum(value < 1e-2 for value in drawn) / len(drawn) < 0.6
