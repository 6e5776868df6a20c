"""The report says which images and classes were seen before."""

from typing import Any

import pytest

from bench.answers.rows.overlap_notes import overlap_notes
from bench.answers.summary import summarise
from tests.material.examples import a_record

FOUND: dict[str, Any] = {
    "exact": 1,
    "near": 2,
    "of": 359,
    "examples": {"exact": [["7", "12"]], "near": [["8", "9"], ["10", "11"]]},
}


def test_duplicates_are_counted_and_some_named() -> None:
    """Once for all cells of a data set."""
    (note,) = overlap_notes([a_record(seed=seed, duplicates=FOUND) for seed in (0, 1)])
    assert "of 359 test images 1 stand in the training set pixel by pixel, 2 nearly" in note
    assert "7 = 12, 8 = 9, 10 = 11" in note
    assert note.startswith("digits")


def test_data_without_duplicates_is_passed_over() -> None:
    """As are records that do not tell."""
    nothing = {"exact": 0, "near": 0, "of": 359, "examples": {"exact": [], "near": []}}
    assert overlap_notes([a_record(duplicates=nothing), a_record()]) == []


@pytest.mark.parametrize(("kind", "said"), [("classes", "has seen its classes"), ("unknown", "may have seen")])
def test_overlap_is_told_with_its_reason(kind: str, said: str) -> None:
    (note,) = overlap_notes([a_record(overlap=kind, overlap_reason="pre-trained on photographs")])
    assert said in note
    assert "test_resnet supervised@glyphs" in note
    assert "(pre-trained on photographs)" in note


def test_notes_stand_in_the_summary() -> None:
    assert any("pixel by pixel" in note for note in summarise([a_record(duplicates=FOUND)], {}).notes)
