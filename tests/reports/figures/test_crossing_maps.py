"""The maps of who is ahead of whom: a word for each pair."""

from pathlib import Path
from xml.etree import ElementTree

from bench.answers.crossings import crossings
from bench.reports.figures.crossing_maps import crossing_maps, told
from tests.material import compared


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
