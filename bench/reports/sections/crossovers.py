"""From how many labels on is which ahead of which?"""

from bench.answers.crossings import crossings
from bench.answers.summary import Summary
from bench.contracts.reports import Picture, Section
from bench.reports.figures.crossing_maps import crossing_maps
from bench.reports.tables.sentences import overtaking_lines

EXPLANATION = (
    "Each cell: the labels from which its row is ahead of its column for good, or *always* or *never* within the "
    "budgets that both have. *Ahead* is told of the means, intervals are of each pair alone; the verdicts tell which "
    "differences at a budget are more than chance. A question mark: fewer than 95 % of the draws around the measured "
    "means agree on which of these."
)


def section(summary: Summary) -> Section:
    """A sentence for each start, and a map of all pairs of settings."""
    return Section(
        title="From how many labels on?",
        explanation=EXPLANATION,
        lines=tuple(overtaking_lines(summary)),
        picture=Picture("Ahead from how many labels on", lambda folder: crossing_maps(summary, folder)),
        chart="crossovers" if summary.ask(crossings) else "",
    )
