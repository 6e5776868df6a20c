"""Coverage of the labels at which curves cross, and of the labels that a target takes."""

import itertools
import math

import numpy as np

from bench.statistics.learning_curves import Crossover, Point, PowerLaw, crossover, labels_needed
from bench.statistics.paired import crossed

from .figures import Figure
from .pairs import REST, TASTE, accuracy

BUDGETS = (10, 50, 250, 1000)
SEEDS = (3, 5, 10)
LUCK = 0.1
SHIFTS = {
    "steep crossing": ((-0.5, 0.0, 0.6, 1.2), (0.0, 0.3, 0.5, 0.6)),
    "shallow crossing": ((0.0, 0.4, 0.75, 1.0), (0.1, 0.45, 0.7, 0.9)),
    "always ahead, by little": ((0.1, 0.5, 0.8, 1.1), (0.0, 0.4, 0.7, 1.0)),
}
"""Of two models at each budget, on the latent scale."""


def differences(generator: np.random.Generator, name: str, seeds: int, images: int) -> list[Point]:
    """The measured differences: images, and each model's taste in them, are the same at all budgets."""
    difficulty = generator.normal(size=images)
    tastes = generator.normal(size=(2, images)) * TASTE
    points = []
    for labels, shifts in zip(BUDGETS, zip(*SHIFTS[name], strict=True), strict=True):
        first, second = (
            shift
            + difficulty
            + taste
            + generator.normal(size=(seeds, 1)) * LUCK
            + generator.normal(size=(seeds, images)) * REST
            > 0
            for shift, taste in zip(shifts, tastes, strict=True)
        )
        found = crossed(first.astype(float) - second)
        points.append(Point(labels, found.mean, found.error, found.freedom))
    return points


def true_crossing(name: str) -> Crossover:
    """Where the true differences cross, read off in the same way."""
    shifts = zip(*SHIFTS[name], strict=True)
    gaps = [accuracy(first, LUCK) - accuracy(second, LUCK) for first, second in shifts]
    return crossover([Point(labels, gap, 0.0, 1) for labels, gap in zip(BUDGETS, gaps, strict=True)])


def holds(found: Crossover, truth: Crossover) -> bool:
    """Say whether the interval, from always to never, holds the truth."""
    low = found.low if found.low is not None else (math.inf if found.shares[1] > 0.975 else 0.0)
    high = found.high if found.high is not None else (0.0 if found.shares[0] > 0.975 else math.inf)
    where = {"always": 0.0, "never": math.inf}.get(truth.side, truth.labels or 0.0)
    return low <= where <= high


def crossings(times: int) -> list[Figure]:
    """Coverage of the crossover's interval."""
    found = []
    for name, seeds in itertools.product(SHIFTS, SEEDS):
        generator, truth = np.random.default_rng(seeds), true_crossing(name)
        covered = sum(holds(crossover(differences(generator, name, seeds, 1000)), truth) for _ in range(times))
        case = f"{seeds} seeds, 1,000 images, {name}"
        found.append(Figure("crossover, 95 % interval", case, "95 %", covered / times, times))
    return found


LAW = PowerLaw(0.95, 1.2, 0.5)
SPREADS = (0.05, 0.03, 0.015, 0.008)
"""Of accuracies over seeds, in the order of the budgets."""


def needs(times: int) -> list[Figure]:
    """Coverage of the interval of the labels needed where accuracies follow a power law."""
    found = []
    for target, seeds in itertools.product((0.85, 0.93), SEEDS):
        generator, truth = np.random.default_rng(seeds), LAW.needed(target)
        assert truth is not None
        covered = 0
        for _ in range(times):
            points = []
            for labels, spread in zip(BUDGETS, SPREADS, strict=True):
                values = generator.normal(LAW.at(labels), spread, seeds)
                points.append(Point(labels, float(values.mean()), float(values.std(ddof=1)) / seeds**0.5, seeds - 1))
            each = labels_needed(points, target)
            covered += (each.low or 0.0) <= truth <= (math.inf if each.high is None else each.high)
        where = "within the budgets" if truth <= BUDGETS[-1] else "beyond the budgets"
        case = f"{seeds} seeds, {target:.0%} takes {truth:,.0f} labels, {where}"
        found.append(Figure("labels needed, 95 % interval", case, "95 %", covered / times, times))
    return found
