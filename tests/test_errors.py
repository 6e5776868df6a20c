"""Exit codes stand for what they say, and errors carry theirs."""

import pytest

from bench.errors import BenchError, Diverged, Exit, InvalidData, InvalidSuite, Unavailable


def test_exit_codes_are_those_that_scripts_rely_on() -> None:
    """They never change."""
    assert {code.name: code.value for code in Exit} == {
        "OK": 0,
        "GATE_FAILED": 1,
        "USAGE": 2,
        "CELLS_FAILED": 3,
        "NOTHING_COMPARED": 4,
        "NOT_COMPARABLE": 5,
        "INTERRUPTED": 130,
    }


@pytest.mark.parametrize("error", [InvalidData("a"), Unavailable("a"), Diverged("a"), InvalidSuite(["a"])])
def test_what_a_user_can_mend_ends_with_usage(error: BenchError) -> None:
    """One base class, one boundary."""
    assert error.exit_code == Exit.USAGE
    assert str(error) == "a"


def test_invalid_suite_has_a_line_per_mistake() -> None:
    """All at once."""
    error = InvalidSuite(["a: wrong", "b: wrong"])
    assert str(error).splitlines() == error.problems == ["a: wrong", "b: wrong"]
