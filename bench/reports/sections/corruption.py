"""What is left of the accuracy under corruption?"""

import dataclasses

from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.contracts.reports import Section, Table
from bench.reports.tables.formatting import heading, percent, shown

EXPLANATION = (
    "Accuracy on corrupted test images, mean over four corruptions in five strengths; by corruption the mean and, in "
    "brackets, at the greatest strength."
)


def section(summary: Summary) -> Section:
    """Accuracy on corrupted test images, where the suite asked for it."""
    return Section(
        title="Under corruption",
        explanation=EXPLANATION,
        tables=shown("By corruption", corruption_table(summary)),
    )


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
            _lost(row),
            *(_under(row, name) for name in names),
        ]
        for row in rows
    ]
    return headers, cells


def _lost(row: Row) -> str:
    """The share that is lost; where corrupted images are told better, that."""
    drop = row.corruption_drop
    if drop is None or drop.mean >= 0:
        return percent(drop)
    return f"none: {percent(dataclasses.replace(drop, mean=-drop.mean))} more"


def _under(row: Row, name: str) -> str:
    """`88.1 (71.4)`: the mean over strengths, and the strongest."""
    if name not in row.corruption_means:
        return "-"
    return f"{row.corruption_means[name] * 100:.1f} ({row.corruption_strongest[name] * 100:.1f})"
