"""Simulated experiments whose truth is known, in small: `python -m tests.tools.simulations` runs them at length."""

from collections.abc import Callable

import pytest
from scipy.stats import binom

from tests.tools.simulations.curves import crossings, holds, needs, true_crossing
from tests.tools.simulations.families import BUDGETS, simulate
from tests.tools.simulations.figures import Figure
from tests.tools.simulations.means import crossed_means, means
from tests.tools.simulations.pairs import accuracy

LEAST = 0.91
"""What any interval must cover; the long run tells by how much it is more."""


@pytest.mark.parametrize(
    ("simulate", "times"),
    [(means, 500), (crossed_means, 80), (crossings, 50), (needs, 60)],
    ids=lambda each: getattr(each, "__name__", str(each)),
)
def test_intervals_cover_about_as_often_as_they_say(simulate: Callable[[int], list[Figure]], times: int) -> None:
    """No share is so low that chance could not explain it."""
    figures = simulate(times)
    assert figures
    for figure in figures:
        assert figure.share >= binom.ppf(1e-4, times, LEAST) / times, figure.line


def test_a_question_without_differences_is_rarely_answered_wrongly() -> None:
    """In no more than 5 % of columns, as far as chance can tell; each interval covers, and most columns whole."""
    tables = 40
    counts = simulate((0.0,) * 4, seeds=3, luck=0.05, times=tables)
    columns = tables * BUDGETS
    assert counts.column <= binom.ppf(1 - 1e-4, columns, 0.05)
    assert counts.column <= counts.with_best, "held against the best alone, more is found that is none"
    assert counts.covered / counts.intervals >= binom.ppf(1e-4, columns, 0.95) / columns
    assert counts.covered_all >= 0.9 * columns


def test_figure_is_told_with_the_interval_that_its_number_leaves() -> None:
    line = Figure("interval", "a case", "95 %", 0.95, 2000).line
    assert line == ["interval", "a case", "95 %", "95.0% (94.0% to 96.0%)", "2,000"]


def test_truth_of_a_crossing_is_where_the_true_curves_cross() -> None:
    """The latent scales meet between the first and the second budget, or nowhere."""
    steep = true_crossing("steep crossing")
    assert steep.side == "crosses"
    assert 50 < (steep.labels or 0.0) < 250
    always = true_crossing("always ahead, by little")
    assert always.side == "always"
    assert not holds(always, steep)
    assert holds(always, always)
    assert accuracy(0.0, 0.3) == 0.5
