"""What corruption costs, over the cells of a row."""

import pytest

from bench.answers.rows.corruptions import (
    corruption_drops,
    corruption_means,
    means_by_corruption,
    strongest_by_corruption,
)
from bench.answers.rows.rows import rows_of
from tests.material.corrupted import GROUP, corrupted
from tests.material.examples import a_record


def test_means_are_over_corruptions_and_strengths() -> None:
    assert corruption_means(GROUP) == pytest.approx([0.6, 0.8, 0.8])


def test_what_is_lost_is_a_share_of_the_clean_accuracy() -> None:
    """Of none nothing can be lost."""
    assert corruption_drops(GROUP) == pytest.approx([0.25, 0.2, 0.2])
    assert corruption_drops([corrupted(0, 0.0, noise=[0.0] * 5)]) == []


def test_each_corruption_stands_apart() -> None:
    assert means_by_corruption(GROUP) == pytest.approx({"noise": (0.4 + 0.6 + 0.6) / 3, "jpeg": 2.8 / 3})
    assert strongest_by_corruption(GROUP) == pytest.approx({"noise": 0.4 / 3, "jpeg": 2.8 / 3})


def test_records_without_the_probe_count_for_nothing() -> None:
    plain = a_record(cell_id="plain", seed=9)
    assert corruption_means([plain]) == corruption_drops([plain]) == []
    assert means_by_corruption([plain]) == strongest_by_corruption([plain]) == {}
    assert corruption_means([plain, *GROUP]) == corruption_means(GROUP)


def test_row_holds_the_estimates() -> None:
    """Three seeds; the worst class is the one that is it most often."""
    (row,) = rows_of(GROUP, {})
    assert row.corruption_accuracy is not None
    assert (row.corruption_accuracy.mean, row.corruption_accuracy.n) == (pytest.approx(2.2 / 3), 3)
    assert row.corruption_drop is not None
    assert row.corruption_drop.mean == pytest.approx(0.65 / 3)
    assert row.worst_class == "8"
    assert row.forgetting is not None
    assert row.forgetting.mean == 0.25
