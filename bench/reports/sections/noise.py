"""Where does the noise of an accuracy come from?"""

from bench.answers.noise import Noise, noise
from bench.answers.summary import Summary
from bench.contracts.reports import Section
from bench.reports.tables.formatting import shown
from bench.statistics.variance import Component

EXPLANATION = (
    "Standard deviation of a single cell's test accuracy by what was drawn anew: a crossed random-effects model by the "
    "method of moments. An estimate below zero is told as 0; with few seeds the intervals are wide."
)


def section(summary: Summary) -> Section:
    """The standard deviation that each cause adds to the accuracy of a cell."""
    return Section(
        title="Where the noise comes from",
        explanation=EXPLANATION,
        tables=shown(
            "By what was drawn anew", (HEADERS, [line for each in summary.ask(noise) for line in _lines(each)])
        ),
    )


MOST = 0.25
"""The variance of shares of which half are 0 and half are 1: no other is larger."""
HEADERS = ("backbone", "method (initial weights)", "labels", "from", "seeds", "points (95 %)", "of the variance, %")


def _lines(noise: Noise) -> list[list[str]]:
    row, found = noise.row, noise.found
    names = [row.backbone, row.setting, f"{row.n_labels:,}"]
    if found is None:
        return [[*names, "not told: a combination of seeds has no number", "-", "-", "-"]]
    return [
        [*names, part.cause, str(part.levels), _points(part), f"{found.share(part) * 100:.0f}"]
        for part in found.components
    ]


def _points(part: Component) -> str:
    return f"{part.deviation * 100:.2f} ({_end(part.low)} to {_end(part.high)})"


def _end(variance: float) -> str:
    """An end of the interval as a standard deviation; with few seeds it may be more than accuracies can deviate by."""
    return f"{variance**0.5 * 100:.2f}" if variance <= MOST else "no end"
