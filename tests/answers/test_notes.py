"""The report says what a reader must know beside the figures: limits, choices at an edge, images seen before."""

from typing import Any

import pytest

from bench.answers.notes import notes
from bench.answers.summary import summarise
from tests.material.examples import a_record
from tests.material.summaries import (
    TRIALS,
    a_summary,
    summary_of,
)


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"limit": 100}, "Limited to 100 images of each split: a rehearsal, not a result."),
        ({"workers": 2}, "Some cells ran side by side; their throughput is not published."),
        (
            {"chosen": {"edge": True}},
            "1 probe: the best l2 lay at the edge of its range; a wider one may do better.",
        ),
        (
            {"chosen": {"converged": False}},
            "1 probe: the solver had to stop before it came to its tolerance; a larger l2 is solved faster.",
        ),
        ({"precision_reason": "forward x 0.50"}, "precision auto of test_resnet is fp32 here: forward x 0.50."),
    ],
)
def test_what_a_reader_must_know_is_noted(changes: dict[str, Any], note: str) -> None:
    assert summary_of(a_record(**changes)).ask(notes) == (note,)
    assert summary_of(a_record()).ask(notes) == ()


def test_each_backbones_precision_is_explained_once() -> None:
    reasons = {"test_resnet": "it pays", "test_vit": "it does not", "vgg11": "asked for"}
    summary = summary_of(
        *(
            a_record(backbone=name, precision_reason=reason, seed=seed)
            for name, reason in reasons.items()
            for seed in (0, 1)
        )
    )
    assert [note.partition(" is ")[0] for note in summary.ask(notes)] == [
        "precision auto of test_resnet",
        "precision auto of test_vit",
    ]


@pytest.mark.parametrize(("others", "count"), [(2, 1), (0, 0), (None, 0)])
def test_company_on_the_gpu_is_noted(others: int | None, count: int) -> None:
    state = {"before": {}, "after": {}, "joules": 1.0, "others": others}
    found = [
        note for note in summary_of(a_record(gpu_state=state)).ask(notes) if "Another process was on the GPU" in note
    ]
    assert len(found) == count


def test_what_was_said_when_the_data_were_read_is_repeated_once() -> None:
    """For all cells of a data set."""
    records = [a_record(seed=seed, dataset_notes=["valid/ is taken for testing"]) for seed in (0, 1)]
    assert summary_of(*records).ask(notes) == ("digits: valid/ is taken for testing.",)


FOUND: dict[str, Any] = {
    "exact": 1,
    "near": 2,
    "of": 359,
    "examples": {"exact": [["7", "12"]], "near": [["8", "9"], ["10", "11"]]},
}


def test_duplicates_are_counted_and_some_named() -> None:
    """Once for all cells of a data set."""
    (note,) = summary_of(*(a_record(seed=seed, duplicates=FOUND) for seed in (0, 1))).ask(notes)
    assert "of 359 test images 1 stand in the training set pixel by pixel, 2 nearly" in note
    assert "7 = 12, 8 = 9, 10 = 11" in note
    assert note.startswith("digits")


def test_data_without_duplicates_is_passed_over() -> None:
    """As are records that do not tell."""
    nothing = {"exact": 0, "near": 0, "of": 359, "examples": {"exact": [], "near": []}}
    assert summary_of(a_record(duplicates=nothing), a_record(seed=1)).ask(notes) == ()


@pytest.mark.parametrize(("kind", "said"), [("classes", "has seen its classes"), ("unknown", "may have seen")])
def test_overlap_is_told_with_its_reason(kind: str, said: str) -> None:
    (note,) = summary_of(a_record(overlap=kind, overlap_reason="pre-trained on photographs")).ask(notes)
    assert said in note
    assert "test_resnet supervised@glyphs" in note
    assert "(pre-trained on photographs)" in note


def test_notes_stand_in_the_summary() -> None:
    assert any("pixel by pixel" in note for note in summarise([a_record(duplicates=FOUND)], {}).ask(notes))


def test_methods_with_and_without_tuning_are_not_on_equal_terms() -> None:
    """It is said where they stand in one table."""
    tuned = a_record(cell_id="tuned", method="scratch", search="random", trials=TRIALS)
    assert any("not on equal terms" in note for note in a_summary(tuned).ask(notes))
    assert not any("not on equal terms" in note for note in a_summary().ask(notes))
