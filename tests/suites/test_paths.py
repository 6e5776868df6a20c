"""Paths that no system could open."""

import os

import pytest

from bench.suites.paths import fault_of_home, fault_of_path


@pytest.mark.parametrize("path", ["a/b.pth", "~/x.pth", "/a b/ü.pth", "x" * 255, "a/" * 2000, "\udcff.pth", ""])
def test_a_path_that_could_be_opened_has_no_fault(path: str) -> None:
    assert fault_of_path(path) is None


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("a\0b.pth", "holds a control character"),
        ("a\nb.pth", "holds a control character"),
        ("x" * 256, "is too long for a path"),
        ("ü" * 128, "is too long for a path"),
        ("a/" * 2048, "is too long for a path"),
    ],
)
def test_a_path_that_can_not_be_opened_is_told(path: str, said: str) -> None:
    fault = fault_of_path(path)
    assert fault is not None
    assert said in fault
    assert fault.isprintable()


def test_the_home_of_nobody_is_told_and_that_of_somebody_is_not() -> None:
    assert fault_of_home("~") is fault_of_home("~/x") is fault_of_home("x/~y") is None
    assert "no user is called 'no-such-user' here" in str(fault_of_home("~no-such-user/x.pth"))
    if os.name == "posix":
        assert fault_of_home("~root/x") is None
