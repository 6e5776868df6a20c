"""Which seeds varied, and where the noise of an accuracy comes from, in words and as a table."""

from bench.answers.rows.noise import Noise
from bench.answers.summary import Summary
from bench.reports.tables.tables import Table, listed
from bench.statistics.variance import CAUSES, Component

NOISE = (
    "Standard deviation of a single cell's test accuracy by what was drawn anew: a crossed random-effects model by the "
    "method of moments. An estimate below zero is told as 0; with few seeds the intervals are wide."
)


def seeds_sentence(summary: Summary) -> str:
    """Say what chance drew anew from cell to cell, and what stayed the same."""
    varied = summary.varied
    drawn = [f"{listed(cause.split(' + '))} ({count} seeds)" for cause, count in varied.factors]
    if not drawn:
        told = "A single seed drew the labelled images, the initialisation and the order of training."
    elif len(drawn) == 1 and not varied.fixed:
        told = f"A seed draws {listed(list(CAUSES.values()))} together."
    else:
        told = f"Seeds that varied{' apart' if len(drawn) > 1 else ''}: {'; '.join(drawn)}."
        if varied.fixed:
            told += f" The same in all cells: {listed(list(varied.fixed))}."
    return told + (f" Cells ran up to {varied.repeats} times." if varied.repeats > 1 else "")


def noise_table(summary: Summary) -> Table:
    """The standard deviation that each cause adds to a cell's accuracy."""
    headers = ["backbone", "method (initial weights)", "labels", "from", "seeds", "points (95 %)", "of the variance, %"]
    return headers, [line for noise in summary.noise for line in _noise(noise)]


def _noise(noise: Noise) -> list[list[str]]:
    row, found = noise.row, noise.found
    names = [row.backbone, row.setting, f"{row.n_labels:,}"]
    if found is None:
        return [[*names, "not told: a combination of seeds has no number", "-", "-", "-"]]
    return [
        [*names, part.cause, str(part.levels), _points(part), f"{found.share(part) * 100:.0f}"]
        for part in found.components
    ]


def _points(part: Component) -> str:
    low, high = (bound**0.5 * 100 for bound in (part.low, part.high))
    return f"{part.deviation * 100:.2f} ({low:.2f} to {high:.2f})"
