"""What the tuning of a row is told as."""

from typing import Any

import pytest

from bench.answers.rows.trials import tried_of
from bench.records.record import Record
from tests.material.examples import a_record


def tuned(accuracies: list[float | None], test: float, seed: int = 0, edges: tuple[str, ...] = ()) -> Record:
    """A record whose trials had these validation accuracies, the first of them on half of the steps only."""
    trials: list[dict[str, Any]] = [
        {"settings": {"learning_rate": position}, "val_accuracy": value, "share": 1.0, "seconds": 1.0}
        for position, value in enumerate(accuracies)
    ]
    early = {"settings": {"learning_rate": 0}, "val_accuracy": 1.0, "share": 0.5, "seconds": 1.0}
    return a_record(
        seed=seed,
        search="halving",
        trials=[early, *trials],
        accuracy=test,
        tune_s=4.0 + seed,
        chosen={"tuned_edges": list(edges)},
    )


def test_best_middle_worst_and_optimism_are_means_over_seeds() -> None:
    """Early rungs don't count, a diverged trial counts as nothing right."""
    tried = tried_of([tuned([0.9, 0.5, None], 0.8), tuned([0.7, 0.6, 0.5], 0.7, 1, ("learning_rate",))])
    assert tried is not None
    assert (tried.search, tried.trials) == ("halving", 3)
    assert (tried.best.mean, tried.best.n) == (pytest.approx(0.8), 2)
    assert tried.median.mean == pytest.approx((0.5 + 0.6) / 2)
    assert tried.worst.mean == pytest.approx((0.0 + 0.5) / 2)
    assert tried.optimism.mean == pytest.approx((0.1 + 0.0) / 2)
    assert tried.tune_s.mean == pytest.approx(4.5)
    assert tried.edges == {"learning_rate": 1}
    assert [rate for rate, _ in tried.by_learning_rate] == [0.0, 1.0, 2.0]
    assert [value for _, value in tried.by_learning_rate] == pytest.approx([0.8, 0.55, 0.25])


def test_row_without_trials_has_no_tuning() -> None:
    assert tried_of([a_record()]) is None
