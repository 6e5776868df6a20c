"""Where the noise of a figure comes from: labelled images, initialisation, order of training, the run itself. Pure."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from bench.schema import Seeds
from bench.statistics.intervals import Estimate, mean_interval, student_quantile

Table = npt.NDArray[np.float64]

CAUSES = {"subset": "labelled images", "init": "initialisation", "order": "order of training"}


@dataclass(frozen=True)
class Factor:
    """Kinds of seeds that never varied apart, and so count as one cause."""

    causes: tuple[str, ...]
    places: tuple[int, ...]
    """The level of each draw, counted from 0."""

    @property
    def levels(self) -> int:
        """The number of different values."""
        return max(self.places) + 1

    @property
    def label(self) -> str:
        """The causes, as in `labelled images + order of training`."""
        return " + ".join(self.causes)


def factors_of(draws: Sequence[Seeds]) -> tuple[Factor, ...]:
    """Return the factors that varied over the draws; causes that always varied together are one factor."""
    found: dict[tuple[int, ...], list[str]] = {}
    for name, cause in CAUSES.items():
        known: dict[int, int] = {}
        places = tuple(known.setdefault(getattr(draw, name), len(known)) for draw in draws)
        if len(known) > 1:
            found.setdefault(places, []).append(cause)
    return tuple(Factor(tuple(causes), places) for places, causes in found.items())


def varied_apart(draws: Sequence[Seeds]) -> bool:
    """Say whether one number doesn't tell a draw: its seeds differ from one another, or the cell was repeated."""
    return any(draw.repeat for draw in draws) or any(len({d.subset, d.init, d.order}) > 1 for d in draws)


def laid_out(draws: Sequence[Seeds], values: Table) -> Table | None:
    """Return values (D draws, ...) as a table (L1, L2, ..., ...) with an axis for each factor, repeats averaged.

    Null where a combination of the factors' levels has no draw.
    """
    factors = factors_of(draws)
    shape = tuple(factor.levels for factor in factors)
    if shape == (len(draws),):
        return values
    counts, sums = np.zeros(shape), np.zeros((*shape, *values.shape[1:]))
    for place, value in zip(_places(factors, len(draws)), values, strict=True):
        counts[place] += 1
        sums[place] += value
    if not counts.all():
        return None
    means: Table = sums / counts.reshape((*shape, *(1 for _ in values.shape[1:])))
    return means


def _places(factors: Sequence[Factor], count: int) -> list[tuple[int, ...]]:
    return [tuple(factor.places[draw] for factor in factors) for draw in range(count)]


Axes = tuple[int, ...]
"""Some axes of a table: a single one stands for its main effect, several for their interplay."""


@dataclass(frozen=True)
class Squares:
    """Mean squares of a table that has one value for each combination of levels."""

    shape: tuple[int, ...]
    means: Mapping[Axes, float]
    """The mean square of each axis and of each interplay of axes."""

    @property
    def count(self) -> int:
        """Values in the table."""
        return math.prod(self.shape)

    def freedom(self, axes: Axes) -> int:
        """Return the degrees of freedom of a mean square."""
        return math.prod(self.shape[axis] - 1 for axis in axes)

    def own(self, axes: Axes) -> float:
        """Return the part of a mean square that is not due to interplay with other axes; it may be negative.

        It estimates the variance component of these axes, times the number of values that share a level.
        """
        # the expected mean square of random effects holds every interplay that the axes have part in (Searle, Casella
        # and McCulloch, 1992): added with alternating signs these cancel out
        inside = set(axes)
        return math.fsum(
            (-1) ** (len(other) - len(axes)) * square for other, square in self.means.items() if inside <= set(other)
        )


def _sets(count: int) -> list[Axes]:
    """Return all choices of one or more of `count` axes, smallest first."""
    return [axes for size in range(1, count + 1) for axes in itertools.combinations(range(count), size)]


def mean_squares(table: Table) -> Squares:
    """Return the mean squares of a table (analysis of variance; Fisher, 1925)."""
    centred = table - table.mean()
    every = _sets(table.ndim)
    sums: dict[Axes, float] = {}
    for axes in every:
        effect = centred.mean(tuple(axis for axis in range(table.ndim) if axis not in axes))
        whole = float(np.vdot(effect, effect)) * table.size / effect.size
        sums[axes] = max(0.0, whole - math.fsum(sums[other] for other in sums if set(other) < set(axes)))
    squares = Squares(table.shape, {})
    return Squares(table.shape, {axes: sums[axes] / squares.freedom(axes) for axes in every})


@dataclass(frozen=True)
class MeanError:
    """How sure the mean of a table is."""

    error: float
    """Standard error."""
    freedom: float
    """Satterthwaite's degrees of freedom."""
    parts: Mapping[Axes, float]
    """What each axis and each interplay adds to the square of the error."""


def mean_error(found: Squares, seed_axes: int) -> MeanError:
    """Return the error of a table's mean where every axis is a random sample; the first axes are those of seeds.

    The variance is that of a crossed random-effects table (Searle, Casella and McCulloch, 1992), where components below
    zero count as zero. Its degrees of freedom are Satterthwaite's (1946), but no fewer than the axis with the fewest
    seeds has.
    """
    parts = {axes: max(0.0, found.own(axes)) / found.count for axes in found.means}
    total = math.fsum(parts.values())
    spread = 0.0
    for axes, square in found.means.items():
        spread += (_weight(axes, parts, seed_axes) * square) ** 2 / found.freedom(axes)
    least = float(min(found.shape[:seed_axes])) - 1
    freedom = max(least, (total * found.count) ** 2 / spread) if spread else least
    return MeanError(math.sqrt(total), freedom, parts)


def _weight(axes: Axes, parts: Mapping[Axes, float], seed_axes: int) -> int:
    """Return how often a mean square counts in the sum of the components that came out above zero."""
    weight: int = abs(
        sum((-1) ** (len(axes) - len(other)) for other in parts if parts[other] and set(other) <= set(axes))
    )
    # seeds and interplay count at least once: that such a component came out as zero may be luck
    return max(1, weight) if len(axes) > 1 or axes[0] < seed_axes else weight


def mean_over(draws: Sequence[Seeds], values: Sequence[float], confidence: float = 0.95) -> Estimate:
    """Return the mean over seeds with its interval.

    The interval is Student's where each draw has a seed of its own, and that of a crossed table where causes varied
    apart: cells that share a seed are no independent sample. Repeats are averaged first. There is no interval where a
    combination of seeds is missing.
    """
    if not varied_apart(draws):
        return mean_interval(values, confidence)
    table = laid_out(draws, np.asarray(values, np.float64))
    if table is None:
        return Estimate(math.fsum(values) / len(values), None, len(values))
    if table.ndim < 2:
        return mean_interval(table.ravel().tolist(), confidence)
    found = mean_error(mean_squares(table), table.ndim)
    half = student_quantile(found.freedom, confidence) * found.error
    return Estimate(float(table.mean()), half, table.size)


@dataclass(frozen=True)
class Component:
    """What one cause adds to the variance of a single cell's figure."""

    cause: str
    levels: int
    """The number of seeds of a factor, of cells for their interplay, of repeats for the run itself."""
    variance: float
    """0 where the estimate is below."""
    low: float
    high: float
    """95 % interval of the variance."""

    @property
    def deviation(self) -> float:
        """Standard deviation, in the figure's own unit."""
        return math.sqrt(self.variance)


@dataclass(frozen=True)
class Decomposition:
    """The variance of cells that differ in their seeds only, by cause."""

    components: tuple[Component, ...]
    cells: int

    def share(self, component: Component) -> float:
        """Return a component's share of the whole; 0 where nothing varies."""
        whole = sum(each.variance for each in self.components)
        return component.variance / whole if whole else 0.0


def decompose(draws: Sequence[Seeds], values: Sequence[float], confidence: float = 0.95) -> Decomposition | None:
    """Return the components of the variance of `values`; null where a combination of seeds is missing.

    A crossed random-effects model by the method of moments; with unequal numbers of repeats on unweighted means
    (Searle, Casella and McCulloch, 1992). Intervals are Williams's (1962), of the last component by chi squared.
    """
    table = laid_out(draws, np.asarray(values, np.float64))
    if table is None:
        return None
    factors = factors_of(draws)
    run, repeats = _within(factors, values)
    components = _of_seeds(table, factors, _Chi(run.square / repeats, run.freedom), confidence) if factors else []
    if run.freedom:
        bounds = _between(run, _Chi(0.0, 0), 1.0, confidence)
        components.append(Component("the run itself", int(run.freedom) + 1, *bounds))
    return Decomposition(tuple(components), len(values))


def _of_seeds(table: Table, factors: Sequence[Factor], noise: "_Chi", confidence: float) -> list[Component]:
    """Return the components of the factors and of their interplay; `noise` is the run's own, in a mean of repeats."""
    squares = mean_squares(table)
    found = []
    for axis, factor in enumerate(factors):
        error = noise if table.ndim == 1 else _beside(squares, axis)
        square = _Chi(squares.means[axis,], factor.levels - 1)
        bounds = _between(square, error, table.size / factor.levels, confidence)
        found.append(Component(factor.label, factor.levels, *bounds))
    if table.ndim > 1:
        # without repeats the two can't be told apart
        name = "their interplay" if noise.freedom else "their interplay and the run itself"
        bounds = _between(_interplay(squares), noise, 1.0, confidence)
        found.append(Component(name, table.size, *bounds))
    return found


@dataclass(frozen=True)
class _Chi:
    """A mean square, or a sum of some that passes for one, with Satterthwaite's (1946) degrees of freedom."""

    square: float
    freedom: float


def _summed(squares: Squares, weights: Mapping[Axes, float]) -> _Chi:
    terms = [(weight * squares.means[axes], squares.freedom(axes)) for axes, weight in weights.items() if weight]
    total = max(0.0, math.fsum(term for term, _ in terms))
    spread = math.fsum(term**2 / freedom for term, freedom in terms)
    return _Chi(total, max(1.0, total**2 / spread) if spread else 1.0)


def _beside(squares: Squares, axis: int) -> _Chi:
    """Return what the mean square of an axis would be without a component of its own: that of its interplay."""
    return _summed(squares, {axes: (-1.0) ** len(axes) for axes in squares.means if axis in axes and len(axes) > 1})


def _interplay(squares: Squares) -> _Chi:
    """Return the variance of all interplays of axes in one cell."""
    weights = dict.fromkeys(squares.means, 0.0)
    for axes in squares.means:
        if len(axes) > 1:
            level = squares.count / math.prod(squares.shape[axis] for axis in axes)
            for other in squares.means:
                if set(axes) <= set(other):
                    weights[other] += (-1) ** (len(other) - len(axes)) / level
    return _summed(squares, weights)


def _within(factors: Sequence[Factor], values: Sequence[float]) -> tuple[_Chi, float]:
    """Return the mean square among repeats, and the harmonic mean of their numbers."""
    groups: dict[tuple[int, ...], list[float]] = {}
    for place, value in zip(_places(factors, len(values)), values, strict=True):
        groups.setdefault(place, []).append(value)
    freedom = sum(len(group) - 1 for group in groups.values())
    squares = math.fsum((each - math.fsum(group) / len(group)) ** 2 for group in groups.values() for each in group)
    repeats = len(groups) / math.fsum(1 / len(group) for group in groups.values())
    return _Chi(squares / freedom if freedom else 0.0, freedom), repeats


def _between(square: _Chi, error: _Chi, count: float, confidence: float) -> tuple[float, float, float]:
    """Return a component and its interval's ends from its mean square and the error's; none is below 0."""

    def bound(tail: float) -> float:
        scale = float(scipy.special.chdtri(square.freedom, 1 - tail)) / square.freedom
        ratio = float(scipy.special.fdtri(square.freedom, error.freedom, tail)) if error.freedom else scale
        return max(0.0, (square.square - error.square * ratio) / (count * scale))

    tail = (1 - confidence) / 2
    return max(0.0, (square.square - error.square) / count), bound(1 - tail), bound(tail)
