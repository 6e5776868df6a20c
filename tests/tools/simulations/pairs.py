"""Coverage, false alarms and power of the paired comparison over seeds and test images."""

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from bench.statistics.paired import crossed

from .figures import Figure

Matrix = npt.NDArray[np.float64]
TASTE, REST = 0.3, 0.5
"""Spread of a model's own liking of images, and of what is left, beside that of the images' difficulty, which is 1."""


def answers(generator: np.random.Generator, shift: float, seeds: int, difficulty: Matrix, by_seed: float) -> Matrix:
    """Which images a model gets right: some are hard for all, each model has its own taste, each training its luck."""
    taste = generator.normal(size=len(difficulty)) * TASTE
    luck = generator.normal(size=(seeds, 1)) * by_seed
    rest = generator.normal(size=(seeds, len(difficulty))) * REST
    right: Matrix = (shift + difficulty + taste + luck + rest > 0).astype(np.float64)
    return right


def accuracy(shift: float, by_seed: float) -> float:
    """The accuracy of such a model over all images and trainings."""
    return float(norm.cdf(shift / np.sqrt(1 + TASTE**2 + by_seed**2 + REST**2)))


@dataclass(frozen=True)
class Found:
    """What came of many comparisons."""

    covered: float
    rejected: float
    truth: float


def simulate(seeds: int, by_seed: float, shift: float, images: int = 360, times: int = 400) -> Found:
    """Compare two models many times; the second is ahead of the first by `shift` on the latent scale."""
    generator = np.random.default_rng(seeds)
    truth = accuracy(0.5 + shift, by_seed) - accuracy(0.5, by_seed)
    covered = rejected = 0
    for _ in range(times):
        difficulty = generator.normal(size=images)
        found = crossed(
            answers(generator, 0.5 + shift, seeds, difficulty, by_seed)
            - answers(generator, 0.5, seeds, difficulty, by_seed)
        )
        assert found.p is not None
        low, high = found.interval()
        covered += low <= truth <= high
        rejected += found.p < 0.05
    return Found(covered / times, rejected / times, truth)


LUCK = {0.0: "none", 0.05: "1.5 points", 0.2: "6 points"}
"""Spread between trainings, on the latent scale and of their accuracies."""


def paired(times: int) -> list[Figure]:
    """Under no difference: coverage and false alarms; under three points: power."""
    found = []
    for by_seed, seeds, images in itertools.product(LUCK, (2, 3, 5, 10), (360, 2000)):
        case = f"{seeds} seeds, {images:,} images, luck {LUCK[by_seed]}"
        nothing, three = (simulate(seeds, by_seed, shift, images, times) for shift in (0.0, 0.1))
        found += [
            Figure("paired difference, 95 % interval", case, "95 %", nothing.covered, times),
            Figure("paired test, no difference", case, "5 %", nothing.rejected, times),
            Figure(f"paired test, {three.truth * 100:.1f} points", case, "-", three.rejected, times),
        ]
    return found
