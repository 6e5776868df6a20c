"""The heat maps of crossovers: each pair has its word, its shade and its sentence."""

from bench.answers.crossings import crossings
from bench.reports.figures.crossing_maps import told
from bench.reports.page.crossover_map import SHADES, heat_maps
from bench.reports.tables.sentences import overtaking_line
from tests.material import compared
from tests.material.summaries import a_summary


def test_each_pair_has_its_word_and_its_sentence() -> None:
    """None has a setting against itself."""
    summary = compared.a_summary()
    (shown,), (each,) = heat_maps(summary), summary.ask(crossings)
    assert shown.settings == tuple(first for first, _ in shown.rows) == each.settings
    for first, marks in shown.rows:
        for second, mark in zip(shown.settings, marks, strict=True):
            found = each.found.get((first, second))
            expected = (told(found.found), overtaking_line(found)) if found else ("", "")
            assert (mark.text, mark.sentence) == expected
            assert (mark.shade == "none") == (first == second)


def test_more_labels_have_a_later_shade() -> None:
    """From 10 to 1,000: scratch passes the probe near the end, fine-tuning passes it half-way."""
    (shown,) = heat_maps(compared.a_summary())
    rows = {first.partition(" ")[0]: dict(zip(shown.settings, marks, strict=True)) for first, marks in shown.rows}
    probe = "linear_probe (supervised@glyphs)"
    half, late = rows["finetune"][probe], rows["scratch"][probe]
    assert (half.shade, late.shade) == ("heat3", f"heat{SHADES - 1}")
    assert (rows["finetune"]["scratch"].shade, rows["linear_probe"]["scratch"].shade) == ("always", "never")


def test_without_predictions_there_is_no_map() -> None:
    assert heat_maps(a_summary()) == []
