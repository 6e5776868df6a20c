"""A limit is read as it is written, or refused with what to write."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.gate.quantities import QUANTITIES
from bench.gate.rules import parse_rule, parse_rules, usual_rules


@pytest.mark.parametrize(
    ("text", "how", "tolerance"),
    [
        ("throughput:5%", "percent", 0.05),
        ("accuracy:ci", "ci", 0.0),
        ("peak_rss:20MiB", "absolute", 20.0),
        ("peak_rss:0.5 GiB", "absolute", 512.0),
        ("accuracy:1pp", "absolute", 0.01),
        ("latency:2ms", "absolute", 2.0),
        ("total_time:500ms", "absolute", 0.5),
        ("trainable_params:0", "absolute", 0.0),
        ("peak_rss:0", "absolute", 0.0),
        ("checkpoint_bytes:3kB", "absolute", 3000.0),
        ("total_params:1000", "absolute", 1000.0),
    ],
)
def test_limit_is_read_with_its_unit(text: str, how: str, tolerance: float) -> None:
    """In the unit of the figure."""
    rule = parse_rule(text)
    assert (rule.how, rule.tolerance) == (how, pytest.approx(tolerance))
    assert parse_rule(rule.text) == rule


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("throughput", "no rule; write METRIC:5%"),
        ("throughput:", "no rule"),
        (":5%", "no rule"),
        ("throughput:fast", "'fast' is no limit"),
        ("throughput:-5%", "'-5%' is no limit"),
        ("throughput:nan%", "is no limit"),
        ("throughput:100%", "nothing falls by 100 %"),
        ("accuracy:1%", "can be read in two ways; write points, as in accuracy:1pp"),
        ("accuracy:0.01", "write points, as in accuracy:1pp"),
        ("peak_rss:20", r"write a unit \(B, KiB, MiB, GiB\)"),
        ("peak_rss:20s", "write a unit"),
        ("latency:2MiB", "write a unit"),
        ("acuracy:ci", "did you mean accuracy"),
    ],
)
def test_what_can_not_be_meant_is_refused(text: str, said: str) -> None:
    """With what to write."""
    with pytest.raises(BenchError, match=said):
        parse_rule(text)


@given(st.sampled_from(sorted(QUANTITIES)), st.integers(1, 99))
def test_every_rule_is_read_back_from_its_own_text(name: str, percent: int) -> None:
    """As the report shows it."""
    if QUANTITIES[name].kind != "score":
        rule = parse_rule(f"{name}:{percent}%")
        assert parse_rule(rule.text) == rule
    assert parse_rule(f"{name}:ci").text == f"{name}:ci"


@given(st.floats(1e-3, 1e6), st.floats(0.01, 0.9))
def test_per_cent_is_of_the_base_whichever_way_is_worse(base: float, share: float) -> None:
    """Exactly the share is the floor: of a time that grows, of a throughput that falls."""
    slower = parse_rule(f"total_time:{share * 100!r}%")
    assert slower.change(base, base * (1 + share)) == pytest.approx(slower.floor)
    fewer = parse_rule(f"throughput:{share * 100!r}%")
    assert fewer.sign * fewer.change(base, base * (1 - share)) == pytest.approx(fewer.floor)


@pytest.mark.parametrize("name", ["calls", "shape:batch", "a: b"])
@pytest.mark.parametrize("limit", ["ci", "5%", "0", "3", "-ci", "-5%", "-0", "-3"])
def test_a_counter_may_grow_or_with_a_minus_fall(name: str, limit: str) -> None:
    """Whatever it is called: the last colon is the rule's."""
    rule = parse_rule(f"{name}:{limit}", [name])
    assert (rule.text, rule.quantity.higher_is_better) == (f"{name}:{limit}", limit.startswith("-"))
    assert parse_rule(rule.text, [name]) == rule


def test_growth_from_nothing_is_without_bound() -> None:
    """And nothing to nothing no change."""
    rule = parse_rule("trainable_params:5%")
    assert rule.change(0, 10) == math.inf
    assert rule.change(0, 0) == 0


def test_usual_rules_are_of_what_the_sides_hold() -> None:
    """A rule given twice counts once."""
    assert [rule.text for rule in usual_rules({"accuracy", "throughput"}, [], {})] == [
        "accuracy:ci",
        "throughput:5%",
        "peak_rss:3%",
    ]
    found = usual_rules({"min", "steps", "calls"}, ["steps", "calls"], {"steps": "2%"})
    assert [rule.text for rule in found] == ["calls:0", "steps:2%", "min:5%"]
    odd = usual_rules({"min", "", "a:b"}, ["", "a:b"], {})
    assert [(rule.quantity.name, rule.tolerance) for rule in odd] == [("", 0), ("a:b", 0), ("min", 0.05)]
    assert len(parse_rules(["accuracy:ci", "accuracy:ci"])) == 1
