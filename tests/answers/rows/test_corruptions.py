"""What corruption costs, over the cells of a row; and the tables that show it."""

import pytest

from bench.answers.rows.corruptions import (
    corruption_drops,
    corruption_means,
    means_by_corruption,
    strongest_by_corruption,
)
from bench.answers.rows.rows import rows_of
from bench.answers.summary import summarise
from bench.records.record import Record
from tests.material.examples import a_record
from tests.material.summaries import table_of


def corrupted(seed: int, clean: float, **levels: list[float]) -> Record:
    return a_record(
        cell_id=str(seed),
        seed=seed,
        corruption_accuracy=levels,
        corruption_clean_accuracy=clean,
        expected_calibration_error=0.05,
        negative_log_likelihood=0.3,
        macro_f1=0.88,
        worst_class="8" if seed else "3",
        worst_class_accuracy=0.7,
        source_accuracy_before=0.9,
        forgetting=0.25,
    )


GROUP = [
    corrupted(0, 0.8, noise=[0.8, 0.6, 0.4, 0.2, 0.0], jpeg=[0.8] * 5),
    corrupted(1, 1.0, noise=[1.0, 0.8, 0.6, 0.4, 0.2], jpeg=[1.0] * 5),
    corrupted(2, 1.0, noise=[1.0, 0.8, 0.6, 0.4, 0.2], jpeg=[1.0] * 5),
]


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


def test_tables_show_what_was_measured() -> None:
    """In per cent and points, in the records' own figures."""
    summary = summarise(GROUP, {})
    _, ((*_, lost, noise, jpeg),) = table_of("corruption", summary)
    assert (lost.split()[0], noise, jpeg) == ("21.7", "53.3 (13.3)", "93.3 (93.3)")
    headers, (cells,) = table_of("beyond", summary)
    shown = dict(zip(headers, cells, strict=True))
    assert shown["calibration error, points"].startswith("5.0")
    assert shown["negative log-likelihood"] == "0.300"
    assert (shown["which"], shown["worst class, %"].split()[0]) == ("8", "70.0")
    assert shown["forgotten, points"].startswith("25.0")


def test_tables_are_empty_where_nothing_was_measured() -> None:
    """Records of earlier versions."""
    summary = summarise([a_record()], {})
    assert table_of("beyond", summary)[1] == table_of("corruption", summary)[1] == []
