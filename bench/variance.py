"""Where the noise of a figure comes from: labelled images, initialisation, order of training, the run itself. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.schema import Seeds
from bench.stats import Estimate, mean_interval

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


@dataclass(frozen=True)
class Squares:
    """Mean squares of a complete crossing with one value for each combination."""

    means: tuple[float, ...]
    """Of each axis."""
    freedoms: tuple[int, ...]
    rest: float
    """Of what the axes leave; 0 with a single axis."""
    rest_freedom: int
    count: int
    """Values in the table."""


def mean_squares(table: Table) -> Squares:
    """Return the mean squares of a table's axes (analysis of variance without interactions; Fisher, 1925)."""
    centred = table - table.mean()
    sums, freedoms = [], []
    for axis, levels in enumerate(table.shape):
        effect = centred.mean(tuple(other for other in range(table.ndim) if other != axis))
        sums.append(float(np.square(effect).sum()) * table.size / levels)
        freedoms.append(levels - 1)
    rest_freedom = table.size - 1 - sum(freedoms)
    left = max(0.0, float(np.vdot(centred, centred)) - math.fsum(sums))
    rest = left / rest_freedom if rest_freedom else 0.0
    means = tuple(each / freedom for each, freedom in zip(sums, freedoms, strict=True))
    return Squares(means, tuple(freedoms), rest, rest_freedom, table.size)


@dataclass(frozen=True)
class MeanError:
    """How sure the mean of a crossed table is."""

    error: float
    """Standard error."""
    freedom: float
    """Satterthwaite's degrees of freedom."""
    parts: tuple[float, ...]
    """What each axis, and last the rest, adds to the square of the error."""


def mean_error(found: Squares, seed_axes: int) -> MeanError:
    """Return the error of a table's mean where every axis is a random sample; the first axes are those of seeds.

    The variance is that of a crossed random-effects table (Searle, Casella and McCulloch, 1992), components below zero
    taken as none; its degrees of freedom are Satterthwaite's (1946), no fewer than the fewest seeds give.
    """
    parts = [max(0.0, square - found.rest) / found.count for square in found.means] + [found.rest / found.count]
    total = sum(parts)
    active = [square > found.rest for square in found.means]
    spread = sum(
        square**2 / freedom
        for axis, (square, freedom) in enumerate(zip(found.means, found.freedoms, strict=True))
        if axis < seed_axes or active[axis]
    )
    if found.rest_freedom:
        spread += max(1, sum(active) - 1) ** 2 * found.rest**2 / found.rest_freedom
    least = float(min(found.freedoms[:seed_axes]))
    freedom = max(least, (total * found.count) ** 2 / spread) if spread else least
    return MeanError(math.sqrt(total), freedom, tuple(parts))


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
    components = []
    if table.ndim:
        squares = mean_squares(table)
        rest, rest_freedom = squares.rest, squares.rest_freedom
        if table.ndim == 1:
            rest, rest_freedom = run / repeats, run_freedom
        for factor, square, freedom in zip(factors, squares.means, squares.freedoms, strict=True):
            per_level = table.size / factor.levels
            bounds = _between(square, freedom, rest, rest_freedom, per_level, confidence)
            components.append(Component(factor.label, factor.levels, *bounds))
        if table.ndim > 1:
            name = "their interplay" if run_freedom else "their interplay and the run itself"
            bounds = _between(rest, rest_freedom, run / repeats, run_freedom, 1.0, confidence)
            components.append(Component(name, table.size, *bounds))
    if run_freedom:
        components.append(
            Component("the run itself", run_freedom + 1, *_between(run, run_freedom, 0.0, 0, 1.0, confidence))
        )
    return Decomposition(tuple(components), len(values))


def _within(factors: Sequence[Factor], values: Sequence[float]) -> tuple[float, int, float]:
    """Return the mean square among repeats, its degrees of freedom, and the harmonic mean of the repeats."""
    groups: dict[tuple[int, ...], list[float]] = {}
    for place, value in zip(_places(factors, len(values)), values, strict=True):
        groups.setdefault(place, []).append(value)
    freedom = sum(len(group) - 1 for group in groups.values())
    squares = math.fsum((each - math.fsum(group) / len(group)) ** 2 for group in groups.values() for each in group)
    repeats = len(groups) / math.fsum(1 / len(group) for group in groups.values())
    return squares / freedom if freedom else 0.0, freedom, repeats


def _between(
    square: float, freedom: int, error: float, error_freedom: int, count: float, confidence: float
) -> tuple[float, float, float]:
    """Return a component from its mean square and that of the error, with the interval's ends; none is below 0."""
    from scipy.special import chdtri, fdtri

    def bound(tail: float) -> float:
        scale = float(chdtri(freedom, 1 - tail)) / freedom
        ratio = float(fdtri(freedom, error_freedom, tail)) if error_freedom else scale
        return max(0.0, (square - error * ratio) / (count * scale))

    tail = (1 - confidence) / 2
    return max(0.0, (square - error) / count), bound(1 - tail), bound(tail)
