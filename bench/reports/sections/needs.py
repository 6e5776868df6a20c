"""How many labels does a target accuracy take?"""

from bench.answers.label_needs import Need, needs
from bench.answers.summary import Summary
from bench.contracts.reports import Section
from bench.reports.tables.formatting import shown
from bench.reports.tables.labels import extrapolated, labels, measured, off

EXPLANATION = (
    "Labels for a target accuracy, off a power law fitted to each setting's means; the 95 % interval is from refitting "
    "draws around them, over seeds only: the test images are taken as they are. *Extrapolated*: the figure, or an end "
    "of its interval, lies outside what was measured and is a guess. *Off at the largest*: how far the curve fitted "
    "without the largest budget misses it."
)


def section(summary: Summary) -> Section:
    """For each target the labels that each setting takes to come to it."""
    return Section(
        title="Labels needed",
        explanation=EXPLANATION,
        tables=shown("Labels for a target", (HEADERS, [_need(need) for need in summary.ask(needs)])),
    )


HEADERS = (
    "backbone",
    "target, %",
    "method (initial weights)",
    "labels (95 %)",
    "measured",
    "extrapolated",
    "off at the largest, points",
)


def _need(need: Need) -> list[str]:
    return [
        need.title,
        f"{need.target * 100:.1f} ({need.why})",
        need.setting,
        labels(need.found, need.budgets),
        measured(need.budgets),
        extrapolated(need.found),
        off(need.found),
    ]
