"""Transferability scores, and how well they ranked the starts."""

from pathlib import Path

from bench.answers.summary import summarise
from tests.material.examples import a_record
from tests.material.summaries import MANIFEST, render, table_of


def test_scores_and_their_ranks_are_shown(tmp_path: Path) -> None:
    """Three backbones whose scores are in the order of their accuracies; a score that lacks is a dash."""
    made = [
        a_record(
            cell_id=name,
            backbone=name,
            method="linear_probe",
            accuracy=accuracy,
            transferability={"logme": score, "leep": None},
        )
        for name, accuracy, score in (("a", 0.5, -1.0), ("b", 0.6, -0.5), ("c", 0.7, 0.25))
    ]
    summary = summarise(made, MANIFEST)
    headers, cells = table_of("scores", summary)
    assert headers[-1] == "logme"
    assert [row[-1] for row in cells] == ["-1.000", "-0.500", "0.250"]
    _, ((*_, starts, tau),) = table_of("score_ranks", summary)
    assert (starts, tau) == ("3", "+1.00")
    assert "Did the scores rank the starts?" in render("md", summary, tmp_path)
