"""Where the noise of an accuracy comes from."""

import itertools

from bench.answers.summary import summarise
from tests.material import compared
from tests.material.examples import a_cell, a_record
from tests.material.summaries import table_of


def test_noise_is_told_in_points_by_cause() -> None:
    """Three subsets three points apart: a standard deviation of three points, all of the variance."""
    _, cells = table_of("noise", compared.apart())
    assert [line[3] for line in cells] == [
        "labelled images",
        "initialisation",
        "their interplay and the run itself",
    ]
    assert cells[0][5].startswith("3.00 (")
    assert [line[6] for line in cells] == ["100", "0", "0"]


def test_no_end_is_told_beyond_what_accuracies_can_deviate_by() -> None:
    """Two subsets say next to nothing of how much subsets differ."""
    made = [
        a_record(a_cell(subset_seed=subset, init_seed=init), accuracy=accuracy, cell_id=f"{subset} {init}")
        for (subset, init), accuracy in zip(itertools.product(range(2), range(2)), (0.1, 0.2, 0.9, 0.8), strict=True)
    ]
    _, ((*_, points, _), *_) = table_of("noise", summarise(made, {}))
    assert points.endswith("to no end)")


def test_a_hole_in_the_crossing_is_told() -> None:
    made = [a_record(a_cell(subset_seed=s, init_seed=i)) for s, i in itertools.product(range(2), range(2))][1:]
    ((*_, cause, _, points, _),) = table_of("noise", summarise(made, {}))[1]
    assert cause == "not told: a combination of seeds has no number"
    assert points == "-"
