"""The curves of accuracy against labels."""

import dataclasses
from pathlib import Path
from xml.etree import ElementTree

from bench.answers.summary import summarise
from bench.reports.figures.accuracy import accuracy_curves
from tests.material.summaries import MANIFEST, a_summary, records


def test_the_picture_is_the_same_bytes_for_the_same_numbers(tmp_path: Path) -> None:
    one, other = (accuracy_curves(a_summary(), tmp_path / name).read_bytes() for name in ("one", "other"))
    assert one == other
    changed = summarise([dataclasses.replace(record, accuracy=0.3) for record in records()], MANIFEST)
    assert accuracy_curves(changed, tmp_path / "changed").read_bytes() != one


def test_the_picture_is_an_svg(tmp_path: Path) -> None:
    root = ElementTree.parse(accuracy_curves(a_summary(), tmp_path)).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
