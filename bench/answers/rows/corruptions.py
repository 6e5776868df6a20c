"""Records -> what corruption of the test images costs, over the cells of a row that measured it."""

import math
from collections.abc import Callable, Sequence

from bench.records.record import Record


def corruption_means(group: Sequence[Record]) -> list[float]:
    """Return each cell's mean accuracy over all corruptions and strengths."""
    return [_mean_of(found) for record in group if (found := record.corruption_accuracy)]


def corruption_drops(group: Sequence[Record]) -> list[float]:
    """Return which share of each cell's accuracy on uncorrupted images is lost; of none there is nothing to lose."""
    return [
        1 - _mean_of(found) / record.corruption_clean_accuracy
        for record in group
        if (found := record.corruption_accuracy) and record.corruption_clean_accuracy
    ]


def means_by_corruption(group: Sequence[Record]) -> dict[str, float]:
    """Return the mean accuracy over strengths and cells, by corruption."""
    return _by_corruption(group, _mean)


def strongest_by_corruption(group: Sequence[Record]) -> dict[str, float]:
    """Return the mean accuracy over cells at the greatest strength, by corruption."""
    return _by_corruption(group, lambda levels: levels[-1])


def _by_corruption(group: Sequence[Record], value: Callable[[Sequence[float]], float]) -> dict[str, float]:
    found = [record.corruption_accuracy for record in group if record.corruption_accuracy]
    names = found[0] if found else {}
    return {name: _mean([value(accuracies[name]) for accuracies in found]) for name in names}


def _mean_of(accuracies: dict[str, list[float]]) -> float:
    return _mean([_mean(levels) for levels in accuracies.values()])


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
