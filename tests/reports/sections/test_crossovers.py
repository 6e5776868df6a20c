"""From how many labels on: a sentence for each start, and maps where pairs can be compared."""

from pathlib import Path

from tests.material import compared
from tests.material.summaries import a_summary, section_of


def test_a_start_has_its_sentence_and_the_settings_their_map(tmp_path: Path) -> None:
    section = section_of("crossovers", compared.a_summary())
    (line,) = section.lines
    assert "finetune (supervised@glyphs) is ahead of linear_probe (supervised@glyphs) from about" in line
    assert section.chart == "crossovers"
    assert section.picture is not None
    assert section.picture.draw(tmp_path) == tmp_path / "crossings.svg"


def test_there_is_nothing_to_show_without_predictions(tmp_path: Path) -> None:
    section = section_of("crossovers", a_summary())
    assert (section.lines, section.tables, section.chart) == ((), (), "")
    assert section.picture is not None
    assert section.picture.draw(tmp_path) is None
