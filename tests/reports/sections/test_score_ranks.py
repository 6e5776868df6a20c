"""How well transferability scores ordered what was then measured."""

from tests.material.examples import a_record
from tests.material.summaries import summary_of, table_of

ACCURACIES = {"a": 0.5, "b": 0.6, "c": 0.7}
SCORES = {"logme": (1.0, 2.0, 3.0), "leep": (3.0, 2.0, 1.0)}


def test_each_score_has_its_column() -> None:
    """One in the order of the accuracies, one the other way round."""
    made = [
        a_record(backbone=name, accuracy=value, transferability={score: values[at] for score, values in SCORES.items()})
        for at, (name, value) in enumerate(ACCURACIES.items())
    ]
    headers, (line,) = table_of("score_ranks", summary_of(*made))
    assert dict(zip(headers, line, strict=True)) == {
        "data set": "digits",
        "budget": "5 per class",
        "method": "linear_probe",
        "starts": "3",
        "logme": "+1.00",
        "leep": "-1.00",
    }


def test_two_starts_are_ranked_by_nothing() -> None:
    made = [a_record(backbone=name, transferability={"logme": 1.0}) for name in ("a", "b")]
    assert table_of("score_ranks", summary_of(*made))[1] == []
