"""Coverage of the interval of a mean over seeds, drawn together or apart, and of the components of variance."""

import itertools
from collections.abc import Callable

import numpy as np

from bench.schema import Seeds
from bench.statistics.intervals import mean_interval
from bench.statistics.variance import decompose, mean_over

from .figures import Figure

Draw = Callable[[np.random.Generator, int], list[float]]
SEEDS = (3, 5, 10)


def normal(generator: np.random.Generator, count: int) -> list[float]:
    """Accuracies around 80 %, three points apart."""
    found: list[float] = generator.normal(0.8, 0.03, count).tolist()
    return found


def near_the_ceiling(generator: np.random.Generator, count: int) -> list[float]:
    """Accuracies around 98 %, skewed: errors of a Gamma distribution of shape 4."""
    found: list[float] = (1 - generator.gamma(4.0, 0.005, count)).tolist()
    return found


def means(times: int) -> list[Figure]:
    """Student's interval at 3, 5 and 10 seeds."""
    cases: list[tuple[str, Draw, float]] = [
        ("normal", normal, 0.8),
        ("near 98 %, skewed", near_the_ceiling, 0.98),
    ]
    found = []
    for (name, draw, truth), seeds in itertools.product(cases, SEEDS):
        generator = np.random.default_rng(seeds)
        estimates = (mean_interval(draw(generator, seeds)) for _ in range(times))
        covered = sum(each.low <= truth <= each.high for each in estimates)
        found.append(Figure("mean over seeds, 95 % interval", f"{seeds} seeds, {name}", "95 %", covered / times, times))
    return found


CROSSINGS = (
    ((3, 3, 3), (3.0, 1.0, 1.0), 0.0),
    ((5, 3, 3), (3.0, 3.0, 3.0), 0.0),
    ((4, 3, 3), (3.0, 2.0, 0.0), 2.0),
)
"""Seeds of images, initialisation and order; what each adds, and what images with initialisation add, in points."""


def crossed_means(times: int) -> list[Figure]:
    """The interval of a mean, and of a component, where images, initialisation and order varied apart."""
    found = []
    for levels, points, mixed in CROSSINGS:
        draws = [Seeds(*each) for each in itertools.product(*map(range, levels))]
        generator, mean_covered, part_covered = np.random.default_rng(0), 0, 0
        for _ in range(times):
            table = 80 + generator.normal(0, 1.0, levels) + generator.normal(0, mixed, (*levels[:2], 1))
            for axis, (deviation, count) in enumerate(zip(points, levels, strict=True)):
                table = table + generator.normal(0, deviation, [count if axis == each else 1 for each in range(3)])
            values = table.ravel().tolist()
            mean, parts = mean_over(draws, values), decompose(draws, values)
            assert parts is not None
            mean_covered += mean.low <= 80 <= mean.high
            part_covered += parts.components[0].low <= points[0] ** 2 <= parts.components[0].high
        case = f"{' x '.join(map(str, levels))} seeds, {', '.join(f'{each:g}' for each in points)} points" + (
            f", interplay {mixed:g}" if mixed else ""
        )
        found += [
            Figure("mean over crossed seeds, 95 % interval", case, "95 %", mean_covered / times, times),
            Figure("component of the images, 95 % interval", case, "95 %", part_covered / times, times),
        ]
    return found
