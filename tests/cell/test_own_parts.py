"""What a user's rule or probe gives is refused where it would make a record wrong."""

from typing import Any

import numpy as np
import pytest

from bench.cell.own_parts import choose_by, measured
from bench.data.selection import Pool
from bench.errors import BenchError
from bench.registry import Entry
from bench.schema import Budget

LABELS = np.repeat(np.arange(3), 10)


def entry(given: Any, own: bool = True) -> Entry:
    """A user's own object that gives the same whatever it is called with."""

    class Own(Entry):
        def load(self) -> Any:
            return lambda subject: given

    return Own("mine:own", "the user's own", fault=(lambda *_: None) if own else None)


def pool(kind: Any, value: float) -> Pool:
    return Pool(LABELS, 3, Budget(kind, value), 0, lambda: np.zeros((30, 2), np.float32))


@pytest.mark.parametrize("given", [[0, 10, 20], np.arange(6), (29, 1), np.arange(6, dtype=np.uint8)])
def test_positions_within_the_budget_are_taken(given: Any) -> None:
    chosen = choose_by(entry(given), pool("labels_per_class", 2))
    assert chosen.dtype == np.int64
    assert chosen.tolist() == list(given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "gives no positions"),
        (np.empty(0, np.int64), "gives 0 images"),
        (np.arange(7), "gives 7 images, where .* is 6"),
        ([1, 1], "positions twice"),
        ([-1, 2], "that no image has"),
        ([30], "that no image has"),
        ([0.5], "gives no positions"),
        ([True, False], "gives no positions"),
        ([[1, 2]], "gives no positions"),
        (None, "gives no positions"),
        ("abc", "gives no positions"),
    ],
)
def test_positions_that_are_no_budget_are_refused(given: Any, said: str) -> None:
    with pytest.raises(BenchError, match=f"^mine:own: .*{said}"):
        choose_by(entry(given), pool("labels_per_class", 2))


def test_fields_that_nobody_else_fills_are_taken() -> None:
    before = {"accuracy": 0.5, "corruptions_reason": None}
    assert measured(entry({"corruptions_reason": "mine"}), None, before) == {"corruptions_reason": "mine"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"accuracy": 1.0}, "gives accuracy, which is measured already"),
        ({"my_figure": 1.0}, "gives 'my_figure', which no record has"),
        ({3: 1.0}, "gives 3, which no record has"),
        (None, "gives a NoneType"),
        ([("macro_f1", 1.0)], "gives a list"),
        ({"macro_f1": float("nan")}, "gives what is no JSON"),
        ({"macro_f1": np.float32(1)}, "gives what is no JSON"),
        ({"chosen": {1, 2}}, "gives what is no JSON"),
    ],
)
def test_fields_that_would_break_or_replace_are_refused(given: Any, said: str) -> None:
    with pytest.raises(BenchError, match=f"^mine:own: {said}"):
        measured(entry(given), None, {"accuracy": 0.5})


def test_no_probe_of_the_project_replaces_what_another_has_measured() -> None:
    with pytest.raises(BenchError, match="measured already"):
        measured(entry({"accuracy": 1.0}, own=False), None, {"accuracy": 0.5})
