"""Backbones by data sets: what is missing stays missing, and ranks are fair."""

from typing import Any

import pytest

from bench.answers.crosstab import Grid
from bench.answers.leaderboard import Board, leaderboard
from bench.answers.rows.rows import Row, rows_of
from bench.errors import BenchError
from bench.statistics.intervals import Estimate
from tests.material.examples import a_record

SCORES = {
    ("big", "birds"): 0.9,
    ("big", "cars"): 0.8,
    ("small", "birds"): 0.7,
    ("small", "cars"): 0.85,
    ("tiny", "birds"): 0.6,
}


def rows(scores: dict[tuple[str, str], float] = SCORES, **changes: Any) -> tuple[Row, ...]:
    """Backbones on data sets, at one budget and with one method where nothing else is said."""
    made = [
        a_record(
            cell_id=f"{backbone}{dataset}{seed}{changes}",
            backbone=backbone,
            dataset=dataset,
            seed=seed,
            accuracy=score,
            weights_sha256=backbone,
            **changes,
        )
        for (backbone, dataset), score in scores.items()
        for seed in (0, 1)
    ]
    return rows_of(made, {})


def line(grid: Grid, backbone: str) -> dict[str, Any]:
    """Return the entries of a backbone by their heads."""
    (found,) = [each for each in grid.lines if each.labels[0] == backbone]
    return dict(zip(grid.heads, found.entries, strict=True))


def test_missing_cells_are_missing_and_ranks_are_over_what_all_share() -> None:
    """And it says so."""
    grid = leaderboard(rows(), Board())
    assert grid.heads == ("mean rank", "birds", "cars")
    assert line(grid, "tiny")["cars"] is None
    assert [line(grid, name)["mean rank"] for name in ("big", "small", "tiny")] == [1.0, 2.0, 3.0]
    assert "The mean rank is over what all lines have: birds." in grid.notes


def test_ranks_are_means_over_data_sets_and_ties_share_theirs() -> None:
    scores = {**SCORES, ("tiny", "cars"): 0.8}
    grid = leaderboard(rows(scores), Board())
    assert [line(grid, name)["mean rank"] for name in ("big", "small", "tiny")] == [1.75, 1.5, 2.75]
    assert [each.labels[0] for each in grid.lines] == ["small", "big", "tiny"]
    assert "The mean rank is over all 2 data sets." in grid.notes


def test_without_a_shared_data_set_there_is_no_rank() -> None:
    grid = leaderboard(rows({("big", "birds"): 0.9, ("small", "cars"): 0.8}), Board())
    assert line(grid, "big")["mean rank"] is None
    assert "No mean rank: there is no data set that all lines have." in grid.notes


def test_cell_that_failed_says_so() -> None:
    failed = a_record(backbone="tiny", dataset="cars", status="oom", accuracy=None)
    assert line(leaderboard(rows(), Board(), [failed]), "tiny")["cars"] == "oom"


def test_less_is_better_for_what_is_paid() -> None:
    made = rows({("big", "birds"): 0.9}, total_s=9.0) + rows({("small", "birds"): 0.8}, total_s=1.0)
    grid = leaderboard(made, Board(metric="total_s"))
    assert [each.labels[0] for each in grid.lines] == ["small", "big"]
    assert isinstance(line(grid, "small")["birds"], Estimate)


def test_budget_and_method_are_those_measured_most_and_the_others_are_named() -> None:
    """Of budgets measured as often the largest; of methods the first of the catalogue."""
    made = (
        *rows(budget="5 per class", n_labels=50),
        *rows(budget="50 per class", n_labels=500),
        *rows({("big", "birds"): 0.99}, budget="100 per class", n_labels=1000),
        *rows({("big", "birds"): 0.99}, budget="50 per class", n_labels=500, method="finetune"),
    )
    grid = leaderboard(made, Board())
    assert grid.title == "accuracy, linear_probe, 50 per class"
    assert "Also measured, --budget: 5 per class, 100 per class." in grid.notes
    assert "Also measured, --method: finetune." in grid.notes
    chosen = leaderboard(made, Board(method="finetune", budget="50 per class"))
    assert [each.labels[0] for each in chosen.lines] == ["big"]


def test_all_methods_stand_on_lines_of_their_own() -> None:
    made = (*rows(), *rows({("big", "birds"): 0.99}, method="finetune"))
    grid = leaderboard(made, Board(method="all"))
    assert grid.stubs == ("backbone", "weights", "method")
    assert len(grid.lines) == 4


def test_rows_alike_are_told_apart() -> None:
    """Two devices are two lines, two thread counts two variants."""
    two = (*rows(), *rows(device="cuda"))
    assert "device" in leaderboard(two, Board()).stubs
    assert "variant" in leaderboard((*rows(), *rows(threads=2)), Board()).stubs


@pytest.mark.parametrize(
    ("board", "said"),
    [
        (Board(budget="6 per class"), "--budget: unknown budget '6 per class'; did you mean 5 per class"),
        (Board(method="linear_prob"), "--method: unknown method 'linear_prob'; did you mean linear_probe"),
        (Board(metric="speed"), "--metric: unknown metric 'speed'"),
    ],
    ids=str,
)
def test_unknown_names_are_refused(board: Board, said: str) -> None:
    with pytest.raises(BenchError, match=said):
        leaderboard(rows(), board)


def test_nothing_measured_is_told() -> None:
    with pytest.raises(BenchError, match="no cell has a number yet"):
        leaderboard([], Board())


def test_training_from_scratch_decides_nothing_where_there_is_something_else() -> None:
    """It is the first of the catalogue, and its weights are others: a backbone would count twice."""
    scratch = rows(method="scratch", weights="random", budget="1 per class", n_labels=10)
    probes = rows(method="linear_probe", budget="1 per class", n_labels=10)
    more = rows(method="linear_probe", budget="5 per class", n_labels=50)
    assert leaderboard((*scratch, *probes, *more), Board()).title == "accuracy, linear_probe, 5 per class"
    assert leaderboard(scratch, Board()).title == "accuracy, scratch, 1 per class"
