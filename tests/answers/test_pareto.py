"""The Pareto front: exactly the rows that no other beats, whatever the numbers."""

import dataclasses

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bench.answers.pareto import AXES, Front, fronts_of, unbeaten
from bench.answers.rows.rows import Row, rows_of
from bench.records.record import Record
from tests.material.examples import a_record

POINTS = st.integers(1, 4).flatmap(
    lambda axes: st.integers(0, 30).flatmap(
        lambda count: arrays(np.float64, (count, axes), elements=st.integers(0, 6).map(float))
    )
)
"""Small whole numbers, so that many are equal."""


def beats(one: np.ndarray, other: np.ndarray) -> bool:
    return bool((one >= other).all() and (one > other).any())


@given(POINTS)
def test_a_point_is_on_the_front_exactly_where_no_other_beats_it(goods: np.ndarray) -> None:
    on_front = set(unbeaten(goods))
    for place, point in enumerate(goods):
        assert (place in on_front) == (not any(beats(other, point) for other in goods))


@given(POINTS)
def test_what_is_not_on_the_front_is_beaten_by_something_on_it(goods: np.ndarray) -> None:
    front = unbeaten(goods)
    for place in set(range(len(goods))) - set(front):
        assert any(beats(goods[member], goods[place]) for member in front)


@given(POINTS)
def test_the_order_of_the_points_does_not_matter(goods: np.ndarray) -> None:
    shuffled = np.random.default_rng(0).permutation(len(goods))
    assert sorted(map(tuple, goods[unbeaten(goods)])) == sorted(map(tuple, goods[shuffled][unbeaten(goods[shuffled])]))


@given(POINTS)
def test_the_front_starts_with_the_best_on_the_first_axis(goods: np.ndarray) -> None:
    firsts = goods[unbeaten(goods)][:, 0].tolist()
    assert firsts == sorted(firsts, reverse=True)


def rows(*records: Record) -> tuple[Row, ...]:
    return rows_of([dataclasses.replace(each, cell_id=str(place)) for place, each in enumerate(records)], {})


def a_row(method: str, accuracy: float, seconds: float, **changes: object) -> Record:
    figures = {"accuracy": accuracy, "total_s": seconds, "features_s": 0.0, "features_cold_s": 0.0}
    return a_record(method=method, **{**figures, "latency_ms": {"1": 1.0}, **changes})


def front_of(rows: tuple[Row, ...], *axes: str) -> Front:
    (found,) = [front for front in fronts_of(rows) if front.axes == axes]
    return found


def test_accurate_and_cheap_rows_are_on_the_front_and_dear_inaccurate_ones_are_not() -> None:
    found = front_of(
        rows(a_row("linear_probe", 0.8, 1.0), a_row("finetune", 0.9, 9.0), a_row("scratch", 0.7, 10.0)),
        "accuracy",
        "training time",
    )
    assert [row.method for row in found.rows] == ["finetune", "linear_probe"]


def test_equal_rows_stand_together() -> None:
    found = front_of(rows(a_row("linear_probe", 0.8, 1.0), a_row("finetune", 0.8, 1.0)), "accuracy", "training time")
    assert len(found.rows) == 2


def test_rows_without_a_figure_are_left_out_and_counted() -> None:
    unprofiled = a_row("scratch", 0.99, 0.1, latency_ms=None)
    measured = rows(a_row("linear_probe", 0.8, 1.0), a_row("finetune", 0.9, 9.0), unprofiled)
    found = front_of(measured, "accuracy", "latency")
    assert ([row.method for row in found.rows], found.compared, found.left_out) == (["finetune"], 2, 1)
    assert front_of(measured, "accuracy", "training time").left_out == 0


def test_an_axis_without_any_figure_is_left_aside() -> None:
    found = fronts_of(rows(a_row("scratch", 0.9, 1.0, latency_ms=None)))
    assert found[0].axes == ("accuracy", "labels", "training time", "memory")
    assert not [front for front in found if "latency" in front.axes]


def test_data_sets_are_never_held_against_each_other() -> None:
    found = fronts_of(rows(a_row("finetune", 0.9, 1.0), a_row("finetune", 0.5, 9.0, dataset="cifar10")))
    assert {front.dataset for front in found} == {"digits", "cifar10"}
    assert all(len(front.rows) == 1 for front in found)


def test_there_is_a_front_for_each_pair_of_axes() -> None:
    found = fronts_of(rows(a_row("finetune", 0.9, 1.0)))
    assert found[0].axes == tuple(AXES)
    assert len(found) == 1 + len(AXES) * (len(AXES) - 1) // 2


def test_memory_is_that_of_the_device() -> None:
    on_gpu = rows(a_row("finetune", 0.9, 1.0, peak_rss_mib=900.0, peak_cuda_allocated_mib=100.0))
    assert AXES["memory"].of(on_gpu[0]) == 100.0
