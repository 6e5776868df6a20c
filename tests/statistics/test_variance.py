"""Components of variance and the error of a mean: closed forms, known components, coverage."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from bench.schema import Seeds
from bench.statistics.intervals import mean_interval
from bench.statistics.variance import Component, Decomposition, decompose, factors_of, laid_out, mean_over, mean_squares

Table = npt.NDArray[np.float64]


def crossing(subsets: int, inits: int, orders: int, repeats: int = 1) -> list[Seeds]:
    return [Seeds(*each) for each in itertools.product(range(subsets), range(inits), range(orders), range(repeats))]


def together(count: int, repeats: int = 1) -> list[Seeds]:
    return [Seeds(seed, seed, seed, repeat) for seed in range(count) for repeat in range(repeats)]


def drawn(draws: Sequence[Seeds], generator: np.random.Generator, deviations: Sequence[float]) -> list[float]:
    """Accuracies with known standard deviations by subset, initialisation, order, their interplay, and run."""
    effects = [generator.normal(0, deviation, 50) for deviation in deviations[:3]]
    interplay: dict[tuple[int, ...], float] = {}
    values = []
    for draw in draws:
        mixed = interplay.setdefault(draw[:3], float(generator.normal(0, deviations[3])))
        parts = (effect[place] for effect, place in zip(effects, draw[:3], strict=True))
        values.append(0.8 + sum(map(float, parts)) + mixed + float(generator.normal(0, deviations[4])))
    return values


def by_cause(found: Decomposition | None) -> dict[str, Component]:
    assert found is not None
    return {part.cause: part for part in found.components}


def test_causes_that_never_varied_apart_are_one_factor() -> None:
    (one,) = factors_of(together(4))
    assert (one.label, one.levels) == ("labelled images + initialisation + order of training", 4)
    names = [(each.label, each.levels) for each in factors_of([Seeds(s, i, s) for s in range(3) for i in range(2)])]
    assert names == [("labelled images + order of training", 3), ("initialisation", 2)]
    assert factors_of([Seeds(1, 2, 3), Seeds(1, 2, 3, 1)]) == ()


def test_mean_squares_of_one_axis_are_the_variance_and_of_two_those_of_the_textbook() -> None:
    """Two ways without repetition, by hand."""
    values = np.random.default_rng(0).normal(size=(4, 5))
    one = mean_squares(values[:, 0])
    assert one.means == {(0,): pytest.approx(values[:, 0].var(ddof=1))}
    rows, columns, mean = values.mean(1), values.mean(0), values.mean()
    two = mean_squares(values)
    assert two.means == {
        (0,): pytest.approx(5 * ((rows - mean) ** 2).sum() / 3),
        (1,): pytest.approx(4 * ((columns - mean) ** 2).sum() / 4),
        (0, 1): pytest.approx(((values - rows[:, None] - columns + mean) ** 2).sum() / 12),
    }
    assert [two.freedom(axes) for axes in two.means] == [3, 4, 12]


def test_sums_of_squares_of_three_axes_make_up_the_whole() -> None:
    """Each interplay is what its axes together tell beyond less of them."""
    values = np.random.default_rng(0).normal(size=(4, 3, 2))
    found = mean_squares(values)
    sums = {axes: square * found.freedom(axes) for axes, square in found.means.items()}
    assert math.fsum(sums.values()) == pytest.approx(values.var() * 24)
    flat = mean_squares(values.mean(2))
    for axes in ((0,), (1,), (0, 1)):
        assert found.means[axes] == pytest.approx(2 * flat.means[axes])
    assert sum(map(found.freedom, found.means)) == 23


def test_seeds_against_repeats_is_the_one_way_analysis_of_scipy() -> None:
    """F from the components is that of `f_oneway`."""
    draws = together(5, repeats=3)
    values = drawn(draws, np.random.default_rng(1), (0.02, 0, 0, 0, 0.01))
    groups = np.reshape(values, (5, 3))
    within = float(groups.var(axis=1, ddof=1).mean())
    found = by_cause(decompose(draws, values))
    assert found["the run itself"].variance == pytest.approx(within)
    between = found["labelled images + initialisation + order of training"].variance
    assert 1 + 3 * between / within == pytest.approx(scipy_stats.f_oneway(*groups).statistic)


def test_components_of_a_crossing_by_their_closed_form() -> None:
    """Mean squares less that of the interplay, over the cells of a level; of three axes with signs that alternate."""
    generator = np.random.default_rng(2)
    draws = crossing(4, 3, 1)
    values = drawn(draws, generator, (0.05, 0.04, 0, 0.01, 0))
    squares = mean_squares(np.reshape(values, (4, 3))).means
    found = by_cause(decompose(draws, values))
    assert found["labelled images"].variance == pytest.approx((squares[0,] - squares[0, 1]) / 3)
    assert found["initialisation"].variance == pytest.approx((squares[1,] - squares[0, 1]) / 4)
    assert found["their interplay and the run itself"].variance == pytest.approx(squares[0, 1])
    draws = crossing(4, 3, 2)
    values = drawn(draws, generator, (0.05, 0.04, 0.03, 0.01, 0))
    squares = mean_squares(np.reshape(values, (4, 3, 2))).means
    error = max(0.0, squares[0, 1] + squares[0, 2] - squares[0, 1, 2])
    images = by_cause(decompose(draws, values))["labelled images"]
    assert images.variance == pytest.approx((squares[0,] - error) / 6)


def test_interplay_of_two_is_not_taken_for_many_independent_cells() -> None:
    """Where the order changes nothing, three orders of a cell are one: the interval still covers."""
    draws, generator, covered = crossing(4, 3, 3), np.random.default_rng(7), 0
    variances = []
    for _ in range(300):
        mixed = generator.normal(0, 0.05, (4, 3)) + generator.normal(0, 0.03, (4, 1))
        values = [0.8 + float(mixed[draw.subset, draw.init]) for draw in draws]
        found = mean_over(draws, values)
        covered += found.low <= 0.8 <= found.high
        parts = by_cause(decompose(draws, values))
        assert parts["order of training"].variance == pytest.approx(0.0, abs=1e-12)
        variances.append(parts["their interplay and the run itself"].variance)
    assert 0.92 <= covered / 300 <= 0.99
    assert np.mean(variances) == pytest.approx(0.05**2, rel=0.1)


def test_known_components_are_found_on_average() -> None:
    """Unbiased where none is cut off at zero; the run's own noise is told from the interplay by repeats."""
    deviations = (0.05, 0.04, 0.03, 0.02, 0.01)
    draws = crossing(4, 4, 4, repeats=2)
    generator = np.random.default_rng(3)
    found = [by_cause(decompose(draws, drawn(draws, generator, deviations))) for _ in range(400)]
    causes = ("labelled images", "initialisation", "order of training", "their interplay", "the run itself")
    for cause, deviation in zip(causes, deviations, strict=True):
        assert np.mean([each[cause].variance for each in found]) == pytest.approx(deviation**2, rel=0.12), cause


@pytest.mark.parametrize(("cause", "deviation"), [("labelled images", 0.05), ("initialisation", 0.02)])
def test_intervals_of_components_cover_what_was_drawn(cause: str, deviation: float) -> None:
    """Near 95 %, with four and three seeds."""
    draws = crossing(4, 3, 3)
    generator = np.random.default_rng(4)
    found = [by_cause(decompose(draws, drawn(draws, generator, (0.05, 0.02, 0.0, 0.01, 0))))[cause] for _ in range(500)]
    covered = sum(part.low <= deviation**2 <= part.high for part in found)
    assert 0.92 <= covered / len(found) <= 0.985


def test_estimate_below_zero_is_told_as_none() -> None:
    """Seeds that agree more than chance would have them."""
    draws = together(3, repeats=2)
    found = by_cause(decompose(draws, [0.8, 0.9, 0.93, 0.82, 0.85, 0.87]))
    seeds = found["labelled images + initialisation + order of training"]
    assert (seeds.variance, seeds.low) == (0.0, 0.0)
    assert seeds.high > 0


def test_the_same_cell_again_and_the_same_figure_is_no_noise() -> None:
    (run,) = by_cause(decompose([Seeds(0, 0, 0, repeat) for repeat in range(3)], [0.9] * 3)).values()
    assert (run.cause, run.variance, run.high, run.levels) == ("the run itself", 0.0, 0.0, 3)


def test_unequal_repeats_still_tell_the_run_apart() -> None:
    """Pooled over what was repeated."""
    draws = [*crossing(2, 2, 1), Seeds(0, 0, 0, 1)]
    found = by_cause(decompose(draws, [0.8, 0.7, 0.9, 0.75, 0.82]))
    assert found["the run itself"].variance == pytest.approx(0.0002)
    assert "their interplay" in found


def test_a_missing_combination_is_not_made_up() -> None:
    draws = crossing(2, 2, 1)[:-1]
    assert laid_out(draws, np.zeros(3)) is None
    assert decompose(draws, [0.1, 0.2, 0.3]) is None
    found = mean_over(draws, [0.1, 0.2, 0.3])
    assert (found.mean, found.half_width, found.n) == (pytest.approx(0.2), None, 3)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=12))
def test_seeds_of_their_own_have_students_interval(values: list[float]) -> None:
    assert mean_over(together(len(values)), values) == mean_interval(values)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=6), st.integers(2, 4))
def test_repeats_of_equal_figures_make_nothing_surer(values: list[float], repeats: int) -> None:
    """A cell that is run again is no further seed."""
    again = [value for value in values for _ in range(repeats)]
    found, plain = mean_over(together(len(values), repeats), again), mean_interval(values)
    assert (found.mean, found.n) == (pytest.approx(plain.mean), plain.n)
    assert found.half_width == pytest.approx(plain.half_width, abs=1e-12)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=12, max_size=12), st.permutations(range(12)))
def test_the_order_of_cells_does_not_matter(values: list[float], order: list[int]) -> None:
    draws = crossing(3, 2, 2)
    one = mean_over(draws, values)
    other = mean_over([draws[place] for place in order], [values[place] for place in order])
    assert (other.mean, other.n) == (pytest.approx(one.mean), one.n)
    assert other.half_width == pytest.approx(one.half_width, abs=1e-9)


def test_crossed_seeds_are_no_independent_sample() -> None:
    """Nine cells of three subsets and three initialisations: the interval covers, Student's of nine would not."""
    draws = crossing(3, 3, 1)
    generator = np.random.default_rng(5)
    covered = naive = 0
    for _ in range(500):
        values = drawn(draws, generator, (0.05, 0.01, 0, 0.01, 0))
        found, wrong = mean_over(draws, values), mean_interval(values)
        assert found.n == wrong.n == 9
        covered += found.low <= 0.8 <= found.high
        naive += wrong.low <= 0.8 <= wrong.high
    assert 0.92 <= covered / 500 <= 0.99
    assert naive / 500 < 0.85


def test_shares_sum_to_one_and_are_none_without_variance() -> None:
    draws = crossing(3, 2, 2)
    found = decompose(draws, drawn(draws, np.random.default_rng(6), (0.05, 0.02, 0.01, 0.01, 0)))
    assert found is not None
    assert math.fsum(map(found.share, found.components)) == pytest.approx(1.0)
    flat = decompose(draws, [0.5] * 12)
    assert flat is not None
    assert [flat.share(part) for part in flat.components] == [0.0] * 4
