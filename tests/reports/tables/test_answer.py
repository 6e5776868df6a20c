"""A recommendation in words: the best with its evidence, or a plain no."""

import dataclasses
from collections.abc import Sequence

from bench.answers.differences import Right
from bench.answers.recommend import Answer, Wanted
from bench.answers.recommend import recommend as recommended
from bench.answers.rows.rows import Row
from bench.answers.verdicts import Verdicts
from bench.reports.tables.answer import render_answer
from tests.material.rivals import measured, right


def recommend(rows: Sequence[Row], wanted: Wanted, right: Right) -> Answer:
    return recommended(rows, wanted, Verdicts(rows, right))


def test_no_is_plain_and_names_the_nearest() -> None:
    """With what it breaks."""
    answer = recommend(measured(), Wanted(500, min_throughput=200.0, max_memory_mib=100.0), right)
    assert answer.best is None
    text = render_answer(answer)
    assert text.startswith("No: nothing measured at 500 labels keeps to the limits.")
    assert "Nearest: test_resnet linear_probe" in text
    assert "600 MiB, above 100" in text


def test_fewer_labels_than_measured_are_a_plain_no_with_the_nearest() -> None:
    """The smallest budget's best row, and how many labels that takes."""
    answer = recommend(measured(), Wanted(49), right)
    assert answer.best is None
    text = render_answer(answer)
    assert text.startswith("No: nothing was measured with 49 labels or fewer.")
    assert "but it takes 50 labels" in text


def test_one_other_is_told_as_one() -> None:
    two = [row for row in measured() if row.method in ("finetune", "knn")]
    text = render_answer(recommend(two, Wanted(500), right))
    assert text.endswith("It is better than the one other that keeps to the limits.")
    three = [row for row in measured() if row.method in ("finetune", "knn", "linear_probe")]
    text = render_answer(recommend(three, Wanted(500), right))
    assert text.endswith(
        "It is better than all 2 others that keep to the limits, corrected for 3 comparisons of methods (with their "
        "initial weights) at one label budget for one backbone."
    )


def test_single_row_has_no_runner_up() -> None:
    only = measured()[-1]
    text = render_answer(recommend([dataclasses.replace(only)], Wanted(500), right))
    assert text.endswith("Nothing else keeps to the limits.")
