"""The curves of accuracy against labels."""

import dataclasses
from pathlib import Path
from xml.etree import ElementTree

from bench.answers.summary import summarise
from bench.reports.figures.accuracy import accuracy_curves
from tests.material.examples import a_record
from tests.material.summaries import MANIFEST, UNFINISHED, a_summary, records


def test_the_picture_is_the_same_bytes_for_the_same_numbers(tmp_path: Path) -> None:
    one, other = (accuracy_curves(a_summary(), tmp_path / name).read_bytes() for name in ("one", "other"))
    assert one == other
    changed = summarise([dataclasses.replace(record, accuracy=0.3) for record in records()], MANIFEST)
    assert accuracy_curves(changed, tmp_path / "changed").read_bytes() != one


def test_the_picture_is_an_svg(tmp_path: Path) -> None:
    root = ElementTree.parse(accuracy_curves(a_summary(), tmp_path)).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"


def test_there_is_no_picture_without_rows(tmp_path: Path) -> None:
    assert accuracy_curves(summarise([UNFINISHED], MANIFEST), tmp_path) is None


def test_no_labels_at_all_have_a_place_on_the_axis(tmp_path: Path) -> None:
    """Though they have no logarithm."""
    unlabelled = a_record(cell_id="none", budget="0 %", n_labels=0, accuracy=0.3)
    assert accuracy_curves(a_summary(unlabelled), tmp_path) == tmp_path / "accuracy.svg"
    assert accuracy_curves(summarise([unlabelled], MANIFEST), tmp_path / "alone") is not None
