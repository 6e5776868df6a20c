"""From how many labels on one setting is ahead of another: pairs of learning curves. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.answers.differences import Differ, Right, differ_among
from bench.answers.rows.rows import Row
from bench.catalog import METHODS
from bench.statistics.learning_curves import Crossover, Point, crossovers


@dataclass(frozen=True)
class Overtaking:
    """From how many labels on one setting is ahead of another."""

    first: Row
    second: Row
    """The rows at the largest budget that both have."""
    budgets: tuple[int, ...]
    found: Crossover


def both_ways(first: Sequence[Row], second: Sequence[Row], differ: Differ) -> tuple[Overtaking, Overtaking] | None:
    """Return where the first setting overtakes the second, and where the second does the first.

    Null where fewer than two budgets can be compared. The answer for a pair is one, whichever of the two is named
    first: the draws of its interval are around the difference in the order of the catalogue.
    """
    if not first or not second or _place(first[0]) <= _place(second[0]):
        return _both_ways(first, second, differ)
    found = _both_ways(second, first, differ)
    return found and (found[1], found[0])


def _place(row: Row) -> tuple[int, str, str, str]:
    return METHODS.position(row.method.partition("(")[0]), row.method, row.weights, row.variant


def _both_ways(first: Sequence[Row], second: Sequence[Row], differ: Differ) -> tuple[Overtaking, Overtaking] | None:
    theirs = {(row.budget, row.n_labels): row for row in second}
    pairs = [
        (row, theirs[row.budget, row.n_labels])
        for row in sorted(first, key=lambda row: row.n_labels)
        if row.n_labels > 0 and (row.budget, row.n_labels) in theirs
    ]
    points = [
        Point(row.n_labels, each.mean, each.error, each.freedom)
        for row, other in pairs
        if (each := differ(row, other).difference) is not None
    ]
    if len(points) < 2:
        return None
    (one, other), budgets = pairs[-1], tuple(point.labels for point in points)
    forth, back = crossovers(points)
    return Overtaking(one, other, budgets, forth), Overtaking(other, one, budgets, back)


def overtaking(first: Sequence[Row], second: Sequence[Row], right: Right) -> Overtaking | None:
    """Return where the first setting overtakes the second, as `both_ways` does."""
    # by the same sums as a map of all pairs: the same digits
    found = both_ways(first, second, differ_among([*first, *second], right))
    return found[0] if found else None
