"""What did tuning bring, and what did it cost?"""

from bench.answers.rows.rows import Row
from bench.answers.rows.trials import Tried
from bench.answers.summary import Summary
from bench.contracts.reports import Picture, Section
from bench.reports.figures.sensitivity import sensitivity_curves
from bench.reports.tables.formatting import number, per_second, percent, shown

EXPLANATION = (
    "Every method had the same number of trials, scored on the validation part of its label budget; their time is in "
    "the accuracy per second. *Middle* and *worst* are of the settings trained in full: the distance to the best is "
    "what hangs on tuning. *Optimism*: the best of many trials looks better on the validation images that chose it "
    "than on test."
)


def section(summary: Summary) -> Section:
    """What tuning tried, brought and cost, and how much hangs on it."""
    lines = [_line(row, row.tried) for block in summary.blocks for row in block.ordered if row.tried]
    return Section(
        title="Tuning",
        explanation=EXPLANATION,
        tables=shown("Trials", (HEADERS, lines)),
        picture=Picture(
            "Validation accuracy against learning rate", lambda folder: sensitivity_curves(summary, folder)
        ),
    )


HEADERS = (
    "backbone",
    "method (initial weights)",
    "labels",
    "trials",
    "tuning, s",
    "best on validation",
    "middle",
    "worst",
    "test",
    "optimism, points",
    "accuracy above chance per s, points",
    "at the edge",
)


def _line(row: Row, tried: Tried) -> list[str]:
    return [
        row.backbone,
        row.setting,
        f"{row.n_labels:,}",
        f"{tried.trials} ({tried.search})",
        number(tried.tune_s, 1),
        percent(tried.best),
        percent(tried.median),
        percent(tried.worst),
        percent(row.accuracy),
        f"{tried.optimism.mean * 100:+.1f}",
        per_second(row),
        ", ".join(f"{key} {count} of {len(row.seeds)}" for key, count in tried.edges.items()) or "-",
    ]
