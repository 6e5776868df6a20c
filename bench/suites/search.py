"""Which settings a method tries: drawn once for all its cells. Pure."""

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.errors import BenchError
from bench.schema import Span

Space = Mapping[str, tuple[Any, ...] | Span]
ATTEMPTS = 50
"""Draws per trial, after which a space that has given too few different settings is taken to have no more."""


def draw(space: Space, trials: int, search: str, seed: int) -> tuple[Mapping[str, Any], ...]:
    """Return at most `trials` different settings: all combinations of a grid, else random ones.

    Spans are drawn evenly, or evenly by their logarithm (Bergstra and Bengio, 2012).
    """
    if not space:
        return ()
    if search == "grid":
        return _combinations(space, trials)
    generator = np.random.default_rng(seed)
    most = min(trials, _different(space))
    found: dict[str, dict[str, Any]] = {}
    for _ in range(ATTEMPTS * trials):
        one = {key: _value(values, generator) for key, values in space.items()}
        found.setdefault(str(one), one)  # a small space draws the same settings again
        if len(found) == most:
            break
    return tuple(found.values())


def _different(space: Space) -> float:
    """Return how many different settings a space has, so that nobody goes on drawing when all are found."""
    return math.prod(math.inf if isinstance(values, Span) else len(set(map(repr, values))) for values in space.values())


def _combinations(space: Space, trials: int) -> tuple[Mapping[str, Any], ...]:
    listed = [_listed(key, values) for key, values in space.items()]
    count = math.prod(len(values) for values in listed)
    if count > trials:
        raise BenchError(f"tune: the grid of {', '.join(space)} has {count} settings; write trials: {count} or fewer")
    return tuple(dict(zip(space, values, strict=True)) for values in itertools.product(*listed))


def _listed(key: str, values: tuple[Any, ...] | Span) -> tuple[Any, ...]:
    if isinstance(values, Span):
        raise BenchError(f"tune.space: {key}: a grid needs its values; write a list, or search: random")
    return values


def _value(values: tuple[Any, ...] | Span, generator: np.random.Generator) -> Any:
    if not isinstance(values, Span):
        return values[int(generator.integers(len(values)))]
    if values.log:
        return float(f"{math.exp(generator.uniform(math.log(values.low), math.log(values.high))):.4g}")
    return float(f"{generator.uniform(values.low, values.high):.4g}")
