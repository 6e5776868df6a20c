"""What is left of the accuracy under corruption, and what accuracy alone does not tell."""

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


def test_tables_are_empty_where_nothing_was_measured() -> None:
    """Records of earlier versions."""
    summary = summarise([a_record()], {})
    assert table_of("beyond", summary)[1] == table_of("corruption", summary)[1] == []
