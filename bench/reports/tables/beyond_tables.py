"""Tables of what accuracy alone does not tell: calibration, single classes, corruptions, the source task."""

from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.reports.tables.tables import Table, heading, number, percent


def beyond_table(summary: Summary) -> Table:
    """Calibration, macro-F1, the worst class, and what is left of the source task."""
    headers = [
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
    ]
    cells = [
        [
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
        for block in summary.blocks
        for row in block.ordered
        if row.expected_calibration_error is not None
    ]
    return headers, cells


def corruption_table(summary: Summary) -> Table:
    """Accuracy on corrupted test images: over all, the share that is lost, and by corruption."""
    rows = [row for block in summary.blocks for row in block.ordered if row.corruption_accuracy is not None]
    names = list(dict.fromkeys(name for row in rows for name in row.corruption_means))
    headers = [
        "backbone",
        "method (initial weights)",
        "labels",
        "as they are, %",
        "corrupted, %",
        "lost, % of it",
        *(f"{name.replace('_', ' ')}, %" for name in names),
    ]
    cells = [
        [
            row.backbone,
            row.setting,
            heading((row.budget, row.n_labels)),
            percent(row.corruption_clean_accuracy),
            percent(row.corruption_accuracy),
            percent(row.corruption_drop),
            *(_under(row, name) for name in names),
        ]
        for row in rows
    ]
    return headers, cells


def _under(row: Row, name: str) -> str:
    """`88.1 (71.4)`: the mean over strengths, and the strongest."""
    if name not in row.corruption_means:
        return "-"
    return f"{row.corruption_means[name] * 100:.1f} ({row.corruption_strongest[name] * 100:.1f})"
