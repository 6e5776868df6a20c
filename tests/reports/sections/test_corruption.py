"""What is left of the accuracy under corruption, and what accuracy alone does not tell."""

import dataclasses

from bench.answers.summary import summarise
from tests.material.corrupted import GROUP
from tests.material.examples import a_record
from tests.material.summaries import table_of


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


def test_accuracy_that_corruption_raises_is_no_share_that_is_lost() -> None:
    """It is told as what it is."""
    raised = [dataclasses.replace(each, corruption_accuracy={"noise": [0.9, 0.99]}) for each in GROUP]
    clean = [dataclasses.replace(each, corruption_clean_accuracy=0.9) for each in raised]
    _, ((*_, lost, _),) = table_of("corruption", summarise(clean, {}))
    assert lost.startswith("none: 5.0 ± 0.0 ")
    assert lost.endswith(" more")


def test_tables_are_empty_where_nothing_was_measured() -> None:
    """Records of earlier versions."""
    summary = summarise([a_record()], {})
    assert table_of("beyond", summary)[1] == table_of("corruption", summary)[1] == []
