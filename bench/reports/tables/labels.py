"""Counts of labels as text: no figure lies far outside what was measured."""

from bench.statistics.learning_curves import LabelsNeeded

FAR = 10
"""Times the largest budget beyond which no figure is told."""
LEAST = 0.5
"""What is no more would be rounded to no label at all, which no accuracy takes."""


def labels(found: LabelsNeeded, budgets: tuple[int, ...]) -> str:
    """`120 (95 to 160)`; where the curve never comes to it, that; no figure lies far outside what was measured."""
    if found.labels is None:
        least = "" if found.low is None else f" ({count(found.low, budgets)} at least)"
        return f"never, by its curve{least}"
    low = "-" if found.low is None else count(found.low, budgets)
    high = "no end" if found.high is None else count(found.high, budgets)
    return f"{count(found.labels, budgets)} ({low} to {high})"


def count(value: float, budgets: tuple[int, ...]) -> str:
    """`1,200`, or that it lies far outside the budgets that were measured."""
    word, told = bounded(value, budgets)
    return f"{word}{told:,.0f}"


def bounded(value: float, budgets: tuple[int, ...]) -> tuple[str, float]:
    """Return what is told of a number of labels: itself, or `under` or `over` the least or most that is told."""
    # a power law through four points says nothing ten times beyond them, however many digits it has
    if value < budgets[0] / FAR or value <= LEAST:
        return "under ", max(1, budgets[0] // FAR)
    if value > budgets[-1] * FAR:
        return "over ", budgets[-1] * FAR
    return "", value


def extrapolated(found: LabelsNeeded) -> str:
    """Say whether the figure lies outside what was measured, or an end of its interval does."""
    return "yes" if found.extrapolated else "interval" if found.interval_extrapolated else "no"


def measured(budgets: tuple[int, ...]) -> str:
    """`10 to 1,000`."""
    return f"{budgets[0]:,} to {budgets[-1]:,}"


def off(found: LabelsNeeded) -> str:
    """How far a curve misses the largest budget; a dash where nothing was held out."""
    return "-" if found.held_out_error is None else f"{found.held_out_error * 100:.1f}"
