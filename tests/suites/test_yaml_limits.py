"""YAML within limits: what would take memory or time is refused before it does."""

import pytest
import yaml

from bench.suites import yaml_limits
from bench.suites.yaml_limits import CHARACTERS, DEPTH, LimitedLoader

FEW = 500


def chained(count: int, times: int) -> str:
    """Return keys, each of which holds the one before so many times."""
    items = ["x", *(f"*a{number}" for number in range(count - 1))]
    return "\n".join(f"a{number}: &a{number} [{', '.join([item] * times)}]" for number, item in enumerate(items))


TIMES_TEN = chained(9, 10)
MERGED = TIMES_TEN.replace("[x, x, x, x, x, x, x, x, x, x]", "{b: x}").replace("[*", "{<<: [*").replace("]", "]}")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_limits, "MOST_VALUES", FEW)


def compose(text: str) -> yaml.Node | None:
    node: yaml.Node | None = LimitedLoader(text).get_single_node()
    return node


def refusal_of(text: str) -> str:
    with pytest.raises(yaml.MarkedYAMLError) as refused:
        compose(text)
    assert refused.value.problem_mark is not None
    return str(refused.value.problem)


@pytest.mark.parametrize("text", [TIMES_TEN, MERGED], ids=["lists", "merges"])
def test_aliases_of_aliases_are_counted_as_they_are_written_out(text: str) -> None:
    """559 bytes can stand for a thousand million values."""
    assert "values, aliases (*) written out" in refusal_of(text)


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000, "? " * 1000, "{a: " * 50, "[" * (DEPTH + 1)])
def test_what_nests_too_deep_is_refused(text: str) -> None:
    assert f"more than {DEPTH} levels" in refusal_of(text)


def test_what_nests_too_deep_through_aliases_is_refused() -> None:
    assert "aliases (*) written out" in refusal_of(chained(40, 1))
    assert compose(chained(DEPTH - 3, 1)) is not None


def test_as_many_levels_as_are_allowed_are_taken() -> None:
    assert compose("[" * (DEPTH - 1) + "x" + "]" * (DEPTH - 1)) is not None


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: *a}", "a: &a {<<: *a}", "&a [[[*a]]]"])
def test_what_holds_itself_is_refused(text: str) -> None:
    assert refusal_of(text) == "*a stands within itself; a value can't hold itself"


def test_long_texts_count_for_their_length_where_aliases_repeat_them(few: None) -> None:
    text = "x" * (CHARACTERS * FEW // 10)
    assert compose(f"[&a {text}, *a]") is not None
    assert "more than 500 values" in refusal_of(f"[&a {text}{', *a' * 10}]")


def test_many_values_are_refused_while_they_are_read(few: None) -> None:
    assert compose(f"[{'0,' * (FEW - 1)}]") is not None
    assert "more than 500 values" in refusal_of(f"[{'0,' * (FEW + 1)}")
