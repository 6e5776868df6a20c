"""How scores are held against accuracies."""

from dataclasses import dataclass, field

import pytest

from bench.answers.scores import kendall, ranks_of, scores_of
from bench.statistics.intervals import Estimate


@dataclass(frozen=True)
class Line:
    """A row of a summary."""

    backbone: str
    accuracy: Estimate
    transferability: dict[str, float] = field(default_factory=dict)
    method: str = "finetune"
    dataset: str = "digits"
    weights: str = "pretrained"
    budget: str = "5 %"


@pytest.mark.parametrize(
    ("pairs", "tau"),
    [
        ([(1, 1), (2, 2), (3, 3)], 1.0),
        ([(1, 3), (2, 2), (3, 1)], -1.0),
        ([(1, 1), (2, 3), (3, 2)], 1 / 3),
        ([(1, 1), (1, 2), (1, 3)], None),
    ],
)
def test_kendall_by_hand(pairs: list[tuple[float, float]], tau: float | None) -> None:
    """Null where one side has nothing but ties."""
    assert kendall(pairs) == (None if tau is None else pytest.approx(tau))


def lines(accuracies: dict[str, float], scores: dict[str, float]) -> list[Line]:
    """A linear probe that carries the scores, and a fine-tune that carries the accuracies."""
    probes = [Line(name, Estimate(0.5, None, 1), {"logme": score}, "linear_probe") for name, score in scores.items()]
    return probes + [Line(name, Estimate(value, None, 1)) for name, value in accuracies.items()]


def test_scores_made_beside_one_method_rank_the_others() -> None:
    """Three starts in the very order of their scores; the probes are all ties and say nothing."""
    rows = lines({"a": 0.5, "b": 0.6, "c": 0.9}, {"a": 1.0, "b": 2.0, "c": 3.0})
    (rank,) = ranks_of(rows)
    assert (rank.method, rank.score, rank.starts, rank.tau) == ("finetune", "logme", 3, 1.0)
    assert len(scores_of(rows)) == 3


def test_two_starts_are_too_few_to_rank() -> None:
    assert ranks_of(lines({"a": 0.5, "b": 0.6}, {"a": 1.0, "b": 2.0})) == ()


def test_start_without_scores_is_left_out() -> None:
    """It is not ranked by a made-up number."""
    rows = lines({"a": 0.9, "b": 0.6, "c": 0.5, "d": 0.1}, {"a": 1.0, "b": 2.0, "c": 3.0})
    (rank,) = ranks_of(rows)
    assert (rank.starts, rank.tau) == (3, -1.0)
