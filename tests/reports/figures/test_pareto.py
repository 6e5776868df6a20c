"""The picture of the Pareto front."""

from pathlib import Path
from xml.etree import ElementTree

from bench.reports.figures.pareto import pareto_picture
from tests.material import page_runs


def test_the_picture_is_an_svg_with_the_same_bytes_for_the_same_numbers(tmp_path: Path) -> None:
    pictures = [pareto_picture(page_runs.a_summary(), tmp_path / name) for name in ("one", "other")]
    one, other = (picture.read_bytes() for picture in pictures if picture)
    assert one == other
    assert ElementTree.fromstring(one).tag == "{http://www.w3.org/2000/svg}svg"
    changed = pareto_picture(page_runs.a_summary(*page_runs.cells(total_s=5.0)), tmp_path / "changed")
    assert changed is not None
    assert changed.read_bytes() != one


def test_there_is_no_picture_without_rows(tmp_path: Path) -> None:
    assert pareto_picture(page_runs.a_summary(*page_runs.unfinished()), tmp_path) is None
