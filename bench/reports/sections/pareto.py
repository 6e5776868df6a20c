"""Which rows does no other row beat?"""

from bench.answers.pareto import AXES, Front, fronts
from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.contracts.reports import Picture, Section
from bench.reports.figures.pareto import pareto_picture
from bench.reports.tables.formatting import listed, number, percent, plain, shown

EXPLANATION = (
    "Rows that no other row of their data set beats: by the means, none is as good on each axis and better on one."
)


def section(summary: Summary) -> Section:
    """For each data set the front over all axes that were measured."""
    widest = list({front.dataset: front for front in reversed(summary.ask(fronts))}.values())[::-1]
    return Section(
        title="Pareto front",
        explanation=EXPLANATION,
        tables=shown("On the front of all axes", (HEADERS, [_line(row) for front in widest for row in front.rows])),
        lines=tuple(_told(front) for front in widest),
        picture=Picture(
            "Test accuracy against training time, with the Pareto front", lambda folder: pareto_picture(summary, folder)
        ),
        chart="pareto" if widest else "",
    )


HEADERS = (
    "data set",
    "backbone",
    "method (initial weights)",
    "labels",
    "accuracy",
    "cell without caches, s",
    "peak memory, MiB",
    "latency of 1, ms",
)


def _line(row: Row) -> list[str]:
    return [
        row.dataset,
        row.backbone,
        row.setting,
        f"{row.n_labels:,}",
        percent(row.accuracy),
        number(row.cold_s, 1),
        plain(row.memory_mib, 0),
        plain(row.latency_1_ms, 1),
    ]


def _told(front: Front) -> str:
    lacking = [name for name in AXES if name not in front.axes]
    parts = [
        f"{front.dataset}: {len(front.rows)} of {front.compared} rows are on the front of {listed(front.axes)}",
        *([f"no row has a figure for {listed(lacking)}"] if lacking else []),
        *([f"{front.left_out} left out for want of a figure"] if front.left_out else []),
    ]
    return "; ".join(parts) + "."
