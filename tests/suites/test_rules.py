"""Globs by key: fast, and the same as one at a time."""

import fnmatch
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.suites.rules import AnyOf, Rule

VALUES = {"method": ("probe", "probe(l2=1)"), "seed": ("3",), "source": ()}
GLOBS = st.lists(
    st.sampled_from(["*", "p*", "3", "[0-9]", "[!3]", "[", "probe", "x", "", "*l2*"]), min_size=1, max_size=3
)
RULES = st.lists(st.dictionaries(st.sampled_from([*VALUES, "fraction"]), GLOBS, max_size=3), max_size=5)


def plainly(rules: Sequence[Rule]) -> bool:
    """Say the same, one glob after the other."""
    return any(
        all(
            any(fnmatch.fnmatchcase(value, glob) for glob in globs for value in VALUES.get(key, ()))
            for key, globs in rule.items()
        )
        for rule in rules
    )


@settings(deadline=None)
@given(RULES)
def test_many_rules_at_once_are_any_of_them(rules: list[dict[str, list[str]]]) -> None:
    excluded = AnyOf(rules)
    assert excluded.fits(VALUES) is plainly(rules)
    assert excluded.fits(VALUES) is plainly(rules)  # what is remembered of the first time


@pytest.mark.parametrize(("rules", "fits"), [([], False), ([{}], True), ([{"nothing": ["*"]}], False)])
def test_no_rule_fits_nothing_and_an_empty_one_everything(rules: list[Rule], fits: bool) -> None:
    assert AnyOf(rules).fits(VALUES) is fits
