"""What would choosing on the test set have claimed?"""

from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.contracts.reports import Section
from bench.reports.tables.formatting import percent, shown

EXPLANATION = "The right-hand figure is what picking the best checkpoint on the test set would have claimed."


def section(summary: Summary) -> Section:
    """What was reported against the best checkpoint on the test set."""
    return Section(
        title="Honest against oracle",
        explanation=EXPLANATION,
        tables=shown(
            "Reported, and the best on test",
            (HEADERS, [_line(row) for block in summary.blocks for row in block.ordered]),
            stubs=2,
            paper=f"{summary.suite}: honest against oracle",
        ),
    )


HEADERS = ("backbone", "method (initial weights)", "labels", "reported", "best on test", "optimism, points")


def _line(row: Row) -> list[str]:
    return [
        row.backbone,
        row.setting,
        f"{row.n_labels:,}",
        percent(row.accuracy),
        percent(row.oracle_accuracy),
        f"{(row.oracle_accuracy.mean - row.accuracy.mean) * 100:+.1f}",
    ]
