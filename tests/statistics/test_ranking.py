"""Ranks, regret, and the critical difference: by hand, by scipy, by the published table."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import friedmanchisquare, rankdata

from bench.statistics.ranking import Task, critical_difference, rank

Found = dict[Task, dict[str, float]]


def tasks(*rows: tuple[str, str, str, dict[str, float]]) -> Found:
    return {(dataset, backbone, budget): accuracies for dataset, backbone, budget, accuracies in rows}


def test_ranks_and_regrets_by_hand() -> None:
    """Equals share their ranks; the worst task is named."""
    found = rank(
        tasks(
            ("digits", "net", "1", {"probe": 0.5, "tuned": 0.7, "scratch": 0.5}),
            ("digits", "net", "9", {"probe": 0.9, "tuned": 0.8, "scratch": 0.6}),
        )
    )
    assert found is not None
    told = [(each.setting, each.average_rank, each.regret, each.worst_regret) for each in found.standings]
    assert told == [
        ("tuned", 1.5, pytest.approx(0.05), pytest.approx(0.1)),
        ("probe", 1.75, pytest.approx(0.1), pytest.approx(0.2)),
        ("scratch", 2.75, pytest.approx(0.25), pytest.approx(0.3)),
    ]
    assert [each.worst_task[2] for each in found.standings] == ["9", "1", "9"]
    assert found.critical is None


def test_only_what_all_share_is_ranked_over() -> None:
    """A setting that one table lacks is left out and named; a task in which one failed is not counted."""
    both = {"probe": 0.5, "tuned": 0.7}
    found = rank(
        tasks(
            ("a", "net", "1", {**both, "prompts": 0.9}),
            ("a", "net", "9", {"probe": 0.5}),
            ("b", "net", "1", both),
        )
    )
    assert found is not None
    assert (found.left_out, found.tasks) == (("prompts",), (("a", "net", "1"), ("b", "net", "1")))


@pytest.mark.parametrize(
    "found",
    [
        {},
        tasks(("a", "net", "1", {"probe": 0.5, "tuned": 0.6})),
        tasks(("a", "net", "1", {"probe": 0.5}), ("b", "net", "1", {"probe": 0.5})),
        tasks(("a", "net", "1", {"probe": 0.5}), ("b", "net", "1", {"tuned": 0.5})),
    ],
    ids=["nothing", "one column", "one setting", "nothing shared"],
)
def test_one_column_or_one_setting_is_no_ranking(found: Found) -> None:
    assert rank(found) is None


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4]), min_size=2, max_size=7))
def test_ranks_are_those_of_scipy(accuracies: list[float]) -> None:
    found = rank({("a", "net", budget): dict(zip("tuvwxyz", accuracies, strict=False)) for budget in "12"})
    assert found is not None
    expected = dict(zip("tuvwxyz", rankdata(-np.array(accuracies)), strict=False))
    assert {each.setting: each.average_rank for each in found.standings} == expected


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=2, max_size=8))
@example([[0.0, 0.0, 0.9696962307741404]] * 3)
def test_ranks_average_to_the_middle_and_the_best_has_no_regret(table: list[list[float]]) -> None:
    found = rank({("a", "net", str(place)): dict(zip("xyz", row, strict=True)) for place, row in enumerate(table)})
    assert found is not None
    assert np.mean([each.average_rank for each in found.standings]) == pytest.approx(2.0)
    assert all(0 <= each.regret <= each.worst_regret for each in found.standings)


@pytest.mark.parametrize(("count", "quantile"), [(3, 2.343), (4, 2.569), (5, 2.728), (10, 3.164)])
def test_distance_is_that_of_the_published_table(count: int, quantile: float) -> None:
    """Critical values of the Nemenyi test at 5 % (Demsar, 2006, table 5a)."""
    names = [f"s{place}" for place in range(count)]
    datasets = [f"d{place}" for place in range(6)]
    found = critical_difference(names, datasets, np.random.default_rng(0).random((6, count)))
    assert found is not None
    assert found.distance == pytest.approx(quantile * math.sqrt(count * (count + 1) / 36), rel=1e-3)


def test_tasks_of_a_data_set_are_averaged_before_the_test() -> None:
    """Twice the budgets are no further data sets."""
    generator = np.random.default_rng(1)
    table = generator.random((12, 4))
    found = critical_difference(list("wxyz"), [f"d{place // 2}" for place in range(12)], table)
    assert found is not None
    assert found.datasets == 6
    assert found.p == pytest.approx(friedmanchisquare(*table.reshape(6, 2, 4).mean(1).T).pvalue)
    assert critical_difference(list("wxyz"), [f"d{place // 3}" for place in range(12)], table) is None


def test_groups_hold_what_is_close_and_none_lies_within_another() -> None:
    """Two clear winners and two clear losers over ten data sets; all equal is one group and no evidence."""
    generator = np.random.default_rng(2)
    table = np.array([0.9, 0.9, 0.5, 0.5]) + generator.normal(0, 0.01, (30, 4))
    found = critical_difference(list("wxyz"), [f"d{place}" for place in range(30)], table)
    assert found is not None
    assert found.p < 0.001
    assert [set(group) for group in found.groups] == [{"w", "x"}, {"y", "z"}]
    equal = critical_difference(list("xyz"), list("abcde"), np.full((5, 3), 0.5))
    assert equal is not None
    assert (equal.p, [set(group) for group in equal.groups]) == (1.0, [set("xyz")])
