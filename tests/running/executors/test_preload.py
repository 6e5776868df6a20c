"""What a cell's process finds imported already, and what it shows of its own end."""

import importlib
import sys

import pytest


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """The errors that are shown once the module has been imported anew; the hook before it is given back."""
    seen: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: seen.append(error))
    monkeypatch.delitem(sys.modules, "bench.running.executors.preload", raising=False)
    importlib.import_module("bench.running.executors.preload")
    return seen


def test_a_child_whose_parent_is_gone_says_nothing(shown: list[BaseException]) -> None:
    """The end of its pipe is no fault; all else is shown as before."""
    fault, end = ValueError("a fault"), EOFError()
    for error in (end, fault):
        sys.excepthook(type(error), error, None)
    assert shown == [fault]


def test_cells_and_preparations_are_imported_before_the_fork(shown: list[BaseException]) -> None:
    """Both kinds of job, with the libraries that take seconds."""
    wanted = {
        "bench.cell.cell",
        "bench.running.pixels",
        "bench.running.weights",
        "torch",
        "torchvision",
        "timm",
        "sklearn",
    }
    assert wanted <= set(sys.modules)
