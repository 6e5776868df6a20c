"""Values as JSON has them: every parser reads them."""

import json
import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bench.reports.page.plain_json import written

PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)


def test_what_is_no_finite_number_becomes_its_name() -> None:
    assert written([math.inf, -math.inf, math.nan, 0.5, 3, True, None]) == ["inf", "-inf", "nan", 0.5, 3, True, None]


def test_keys_are_texts_and_tuples_lists() -> None:
    assert written({1: (1, (2.0, math.nan)), "a": {}}) == {"1": [1, [2.0, "nan"]], "a": {}}


@given(VALUES)
def test_any_value_can_be_written_strictly_and_read_back(value: Any) -> None:
    assert json.loads(json.dumps(written(value), allow_nan=False)) == written(value)
