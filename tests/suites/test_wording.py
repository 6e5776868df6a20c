"""What is said of a mistake fits a line of a terminal."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.suites.wording import LINE, MOST_TOLD, QUOTED, one_line, quoted, shortened, told


@settings(deadline=None)
@given(st.text(), st.integers(3, 100))
def test_any_text_becomes_one_printable_line(text: str, most: int) -> None:
    """Control characters, halves of characters and ends of lines as escapes."""
    line = one_line(text, most)
    assert line.isprintable()
    line.encode()
    if text.isprintable() and len(text) <= most:
        assert line == text


def test_a_long_line_keeps_its_beginning_and_its_end() -> None:
    line = one_line("a" * LINE + "; do this")
    assert line.startswith("aaa")
    assert line.endswith("; do this")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("wide", "'wide'"),
        (32.5, "32.5"),
        ([1], "[1]"),
        ("x" * 1000, f"'{'x' * QUOTED}'... of 1,000 characters"),
        ([0] * 1000, "a list of 1,000"),
        ({str(i): i for i in range(1000)}, "a mapping of 1,000"),
        ("\x1b\ud800", r"'\x1b\ud800'"),
    ],
)
def test_a_value_is_shown_as_python_writes_it_or_cut(value: object, shown: str) -> None:
    assert quoted(value) == shown


def test_what_is_nested_is_cut_too() -> None:
    assert len(quoted([["x" * 1000] * 50] * 50)) < 200


def test_a_long_name_is_cut_in_what_is_said_of_it() -> None:
    name = "n" * 1000
    assert (
        shortened(f"unknown dataset '{name}'; known: digits", name)
        == f"unknown dataset '{'n' * QUOTED}...'; known: digits"
    )


def test_each_mistake_is_told_once_and_not_more_than_a_hundred() -> None:
    assert told(["a", "b", "a"]) == ["a", "b"]
    many = told(str(number) for number in range(MOST_TOLD + 1))
    assert many[-1] == "more than 100 mistakes: mend these first"
    assert len(many) == MOST_TOLD + 1


def test_many_mistakes_are_not_looked_for_once_there_are_enough() -> None:
    asked: list[int] = []
    told(asked.append(number) or str(number) for number in range(10_000))  # type: ignore[func-returns-value]
    assert len(asked) == MOST_TOLD + 1
