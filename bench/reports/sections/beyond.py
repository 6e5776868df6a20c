"""What does accuracy alone not tell?"""

from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.contracts.reports import Section
from bench.reports.tables.formatting import heading, number, percent, shown

EXPLANATION = (
    "*Calibration error*: how far confidence and accuracy lie apart, over 15 bins. *Macro-F1* counts each class alike. "
    "*Forgotten*: what the transfer took from the accuracy of the initial weights' own classifier on images of its "
    "source that were held out."
)


def section(summary: Summary) -> Section:
    """Calibration, macro-F1, the worst class, and what is left of the source task."""
    rows = [row for block in summary.blocks for row in block.ordered if row.expected_calibration_error is not None]
    return Section(
        title="Beyond accuracy",
        explanation=EXPLANATION,
        tables=shown("Calibration, single classes, the source task", (HEADERS, [_line(row) for row in rows])),
    )


HEADERS = (
    "backbone",
    "method (initial weights)",
    "labels",
    "calibration error, points",
    "negative log-likelihood",
    "macro-F1, %",
    "worst class, %",
    "which",
    "source task before, %",
    "forgotten, points",
)


def _line(row: Row) -> list[str]:
    return [
        row.backbone,
        row.setting,
        heading((row.budget, row.n_labels)),
        percent(row.expected_calibration_error),
        number(row.negative_log_likelihood, 3),
        percent(row.macro_f1),
        percent(row.worst_class_accuracy),
        row.worst_class or "-",
        percent(row.source_accuracy),
        percent(row.forgetting),
    ]
