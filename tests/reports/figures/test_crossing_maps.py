"""The maps of who is ahead of whom: a word for each pair."""

import dataclasses
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bench.answers.crossings import crossings
from bench.answers.summary import summarise
from bench.reports.figures.crossing_maps import crossing_maps, told
from bench.statistics.learning_curves import Crossover
from tests.material import compared
from tests.material.summaries import a_summary


def test_heat_map_holds_each_pair_and_is_the_same_twice(tmp_path: Path) -> None:
    """Names and words are text in the picture's data, one for each pair."""
    summary = compared.a_summary()
    first, second = (crossing_maps(summary, tmp_path / name) for name in ("one", "two"))
    assert first is not None
    assert second is not None
    assert first.read_bytes() == second.read_bytes()
    ElementTree.parse(first)
    (each,) = summary.ask(crossings)
    words = {pair: told(overtaking.found) for pair, overtaking in each.found.items()}
    assert len(words) == 6
    assert words["linear_probe (supervised@glyphs)", "scratch"] in ("never", "always", "never?", "always?")
    crossing = float(words["finetune (supervised@glyphs)", "linear_probe (supervised@glyphs)"].rstrip("?"))
    assert 50 < crossing < 250


@pytest.mark.parametrize(
    ("side", "labels", "shares", "text"),
    [
        ("always", None, (0.99, 0.0, 0.01), "always"),
        ("always", None, (0.9, 0.0, 0.1), "always?"),
        ("never", None, (0.0, 0.95, 0.05), "never"),
        ("crosses", 1234.5, (0.0, 0.0, 1.0), "1,234"),
        ("crosses", 80.0, (0.2, 0.0, 0.8), "80?"),
    ],
)
def test_a_word_that_the_draws_disagree_on_has_a_question_mark(
    side: Any, labels: float | None, shares: tuple[float, float, float], text: str
) -> None:
    assert told(Crossover(side, labels, None, None, shares)) == text


def test_budgets_of_the_same_labels_can_be_drawn(tmp_path: Path) -> None:
    """`5 per class` and `50 labels` lie at one place of the axis."""
    made, right = compared.a_run()
    same = [dataclasses.replace(record, n_labels=50) for record in made if record.n_labels in (50, 250)]
    assert crossing_maps(summarise(same, {}, right.get), tmp_path) is not None


def test_there_is_no_map_where_nothing_can_be_compared(tmp_path: Path) -> None:
    assert crossing_maps(a_summary(), tmp_path) is None
    assert list(tmp_path.iterdir()) == []
