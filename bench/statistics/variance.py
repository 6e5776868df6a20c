"""Where the noise of a figure comes from: labelled images, initialisation, order of training, the run itself. Pure."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.schema import Seeds
from bench.statistics.intervals import Estimate, mean_interval

Table = npt.NDArray[np.float64]

CAUSES = {"subset": "labelled images", "init": "initialisation", "order": "order of training"}


@dataclass(frozen=True)
class Factor:
    """Seeds that never varied apart: one cause, as far as the cells can tell."""

    causes: tuple[str, ...]
    places: tuple[int, ...]
    """The level of each draw, counted from 0."""

    @property
    def levels(self) -> int:
        """How many values there are."""
        return max(self.places) + 1

    @property
    def label(self) -> str:
        """`labelled images + order of training`."""
        return " + ".join(self.causes)


def factors_of(draws: Sequence[Seeds]) -> tuple[Factor, ...]:
    """Return what varied over the draws; causes that varied together are one factor."""
    found: dict[tuple[int, ...], list[str]] = {}
    for name, cause in CAUSES.items():
        known: dict[int, int] = {}
        places = tuple(known.setdefault(getattr(draw, name), len(known)) for draw in draws)
        if len(known) > 1:
            found.setdefault(places, []).append(cause)
    return tuple(Factor(tuple(causes), places) for places, causes in found.items())


def varied_apart(draws: Sequence[Seeds]) -> bool:
    """Say whether the draws are more than one seed each: causes varied apart, or cells were repeated."""
    return any(draw.repeat for draw in draws) or any(len({d.subset, d.init, d.order}) > 1 for d in draws)


def laid_out(draws: Sequence[Seeds], values: Table) -> Table | None:
    """Return values (D draws, ...) by the levels of each factor (L1, L2, ..., ...), repeats averaged.

    Null where a combination of levels has no draw.
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
"""Some axes of a table: one is a main effect, several are their interplay."""


@dataclass(frozen=True)
class Squares:
    """Mean squares of a complete crossing with one value for each combination."""

    shape: tuple[int, ...]
    means: Mapping[Axes, float]
    """Of each axis and of each interplay of axes."""

    @property
    def count(self) -> int:
        """Values in the table."""
        return math.prod(self.shape)

    def freedom(self, axes: Axes) -> int:
        """Return the degrees of freedom of a mean square."""
        return math.prod(self.shape[axis] - 1 for axis in axes)

    def own(self, axes: Axes) -> float:
        """Return what of a mean square is due to its own axes, and not to their interplay with others; may be negative.

        Of random effects the expected mean square holds every interplay that the axes have part in (Searle, Casella and
        McCulloch, 1992), with alternating signs what is left is the component times the values of a level.
        """
        inside = set(axes)
        return math.fsum(
            (-1) ** (len(other) - len(axes)) * square for other, square in self.means.items() if inside <= set(other)
        )


def _sets(count: int) -> list[Axes]:
    """Return all choices of some of `count` axes, smallest first."""
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
    """How sure the mean of a crossed table is."""

    error: float
    """Standard error."""
    freedom: float
    """Satterthwaite's degrees of freedom."""
    parts: Mapping[Axes, float]
    """What each axis and each interplay adds to the square of the error."""


def mean_error(found: Squares, seed_axes: int) -> MeanError:
    """Return the error of a table's mean where every axis is a random sample; the first axes are those of seeds.

    The variance is that of a crossed random-effects table (Searle, Casella and McCulloch, 1992), components below zero
    taken as none; its degrees of freedom are Satterthwaite's (1946), no fewer than the fewest seeds give.
    """
    parts = {axes: max(0.0, found.own(axes)) / found.count for axes in found.means}
    total = math.fsum(parts.values())
    spread = 0.0
    for axes, square in found.means.items():
        weight = abs(
            sum((-1) ** (len(axes) - len(other)) for other in parts if parts[other] and set(other) <= set(axes))
        )
        if len(axes) > 1 or axes[0] < seed_axes:  # counted also where its component came out as none
            weight = max(1, weight)
        spread += (weight * square) ** 2 / found.freedom(axes)
    least = float(min(found.shape[:seed_axes])) - 1
    freedom = max(least, (total * found.count) ** 2 / spread) if spread else least
    return MeanError(math.sqrt(total), freedom, parts)


def mean_over(draws: Sequence[Seeds], values: Sequence[float], confidence: float = 0.95) -> Estimate:
    """Return the mean over seeds with its interval.

    Student's where each draw has a seed of its own. Where causes varied apart, cells share seeds and are no
    independent sample: the interval is that of a crossed table. Repeats are averaged first. Where a combination of
    seeds is missing there is no interval.
    """
    if not varied_apart(draws):
        return mean_interval(values, confidence)
    table = laid_out(draws, np.asarray(values, np.float64))
    if table is None:
        return Estimate(math.fsum(values) / len(values), None, len(values))
    if table.ndim < 2:
        return mean_interval(table.ravel().tolist(), confidence)
    from scipy.special import stdtrit

    found = mean_error(mean_squares(table), table.ndim)
    half = float(stdtrit(found.freedom, 0.5 + confidence / 2)) * found.error
    return Estimate(float(table.mean()), half, table.size)


@dataclass(frozen=True)
class Component:
    """What one cause adds to the variance of a single cell's figure."""

    cause: str
    levels: int
    """Seeds of a factor, cells of the rest, repeats of the run itself."""
    variance: float
    """An estimate below zero is told as 0."""
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
    run, run_freedom, repeats = _within(factors, values)
    noise = _Chi(run / repeats, run_freedom)
    components = []
    if table.ndim:
        squares = mean_squares(table)
        for axis, factor in enumerate(factors):
            error = noise if table.ndim == 1 else _beside(squares, axis)
            bounds = _between(
                _Chi(squares.means[axis,], factor.levels - 1), error, table.size / factor.levels, confidence
            )
            components.append(Component(factor.label, factor.levels, *bounds))
        if table.ndim > 1:
            name = "their interplay" if run_freedom else "their interplay and the run itself"
            bounds = _between(_interplay(squares), noise, 1.0, confidence)
            components.append(Component(name, table.size, *bounds))
    if run_freedom:
        bounds = _between(_Chi(run, run_freedom), _Chi(0.0, 0), 1.0, confidence)
        components.append(Component("the run itself", run_freedom + 1, *bounds))
    return Decomposition(tuple(components), len(values))


@dataclass(frozen=True)
class _Chi:
    """A sum of mean squares, taken for one with Satterthwaite's (1946) degrees of freedom."""

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


def _within(factors: Sequence[Factor], values: Sequence[float]) -> tuple[float, int, float]:
    """Return the mean square among repeats, its degrees of freedom, and the harmonic mean of the repeats."""
    groups: dict[tuple[int, ...], list[float]] = {}
    for place, value in zip(_places(factors, len(values)), values, strict=True):
        groups.setdefault(place, []).append(value)
    freedom = sum(len(group) - 1 for group in groups.values())
    squares = math.fsum((each - math.fsum(group) / len(group)) ** 2 for group in groups.values() for each in group)
    repeats = len(groups) / math.fsum(1 / len(group) for group in groups.values())
    return squares / freedom if freedom else 0.0, freedom, repeats


def _between(square: _Chi, error: _Chi, count: float, confidence: float) -> tuple[float, float, float]:
    """Return a component from its mean square and that of the error, with the interval's ends; none is below 0."""
    from scipy.special import chdtri, fdtri

    def bound(tail: float) -> float:
        scale = float(chdtri(square.freedom, 1 - tail)) / square.freedom
        ratio = float(fdtri(square.freedom, error.freedom, tail)) if error.freedom else scale
        return max(0.0, (square.square - error.square * ratio) / (count * scale))

    tail = (1 - confidence) / 2
    return max(0.0, (square.square - error.square) / count), bound(1 - tail), bound(tail)
