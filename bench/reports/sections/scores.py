"""What did the features promise before any training?"""

from bench.answers.scores import scores_of
from bench.answers.summary import Summary
from bench.contracts.reports import Section, Table
from bench.reports.tables.formatting import plain, shown

EXPLANATION = "Of the frozen features on the labels of the budget, before any training; more is better."


def section(summary: Summary) -> Section:
    """Scores of each start, by budget."""
    return Section(
        title="Transferability scores",
        explanation=EXPLANATION,
        tables=shown("Scores", score_table(summary)),
    )


def score_table(summary: Summary) -> Table:
    """Transferability scores of each start, by budget."""
    found = scores_of(summary.rows)
    names = list(dict.fromkeys(name for scores in found.values() for name in scores))
    cells = [
        [dataset, backbone, weights, budget, *(plain(scores.get(name), 3) for name in names)]
        for (dataset, budget, (backbone, weights)), scores in found.items()
    ]
    return ["data set", "backbone", "weights", "budget", *names], cells
