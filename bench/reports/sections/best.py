"""What can be told from the best of a label budget?"""

from bench.answers.against import against_best
from bench.answers.summary import Summary
from bench.contracts.reports import Section, Table
from bench.reports.tables.formatting import DIFFERENCE, explained, heading, points, shown, worded

EXPLANATION = (
    "Each method against the highest mean of its label budget, image by image and seed by seed. *Tie*: the data can't "
    "tell them apart."
)


def section(summary: Summary) -> Section:
    """Each row against the best of its label budget."""
    verdicts = (verdict for mine in summary.ask(against_best) for verdict in mine)
    return Section(
        title="Against the best",
        explanation=explained(EXPLANATION, verdicts),
        tables=shown(
            "Each row against the best of its budget",
            best_table(summary),
            stubs=4,
            paper=f"{summary.suite}: each method against the best of its label budget, Holm-corrected",
        ),
    )


def best_table(summary: Summary) -> Table:
    """Each row against the best of its label budget."""
    cells = [
        [
            block.title,
            heading((verdict.first.budget, verdict.first.n_labels)),
            verdict.second.setting,
            verdict.first.setting,
            points(verdict),
            worded(verdict),
        ]
        for block, verdicts in zip(summary.blocks, summary.ask(against_best), strict=True)
        for verdict in verdicts
    ]
    headers = ["backbone", "labels", "best", "method (initial weights)", f"difference, {DIFFERENCE}", "is"]
    return headers, cells
