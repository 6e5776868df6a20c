"""The Pareto front as a table and sentences."""

from collections.abc import Sequence

from bench.answers.pareto import AXES, Front
from bench.answers.recommend import memory_mib
from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.reports.tables.tables import Table, number, percent, plain


def widest(summary: Summary) -> list[Front]:
    """Return for each data set the front over all axes that were measured."""
    return list({front.dataset: front for front in reversed(summary.fronts)}.values())[::-1]


def pareto_table(summary: Summary) -> Table:
    """The rows that no other row of their data set beats on every axis."""
    headers = ["data set", "backbone", "method (initial weights)", "labels", "accuracy", "cell without caches, s"]
    headers += ["peak memory, MiB", "latency of 1, ms"]
    return headers, [_row(row) for front in widest(summary) for row in front.rows]


def _row(row: Row) -> list[str]:
    return [
        row.dataset,
        row.backbone,
        row.setting,
        f"{row.n_labels:,}",
        percent(row.accuracy),
        number(row.cold_s, 1),
        plain(memory_mib(row), 0),
        plain(row.latency_1_ms, 1),
    ]


def pareto_left_out(summary: Summary) -> tuple[str, ...]:
    """Return a sentence for each data set: the axes, how many rows were compared, and how many lacked a figure."""
    return tuple(_told(front) for front in widest(summary))


def _told(front: Front) -> str:
    lacking = [name for name in AXES if name not in front.axes]
    parts = [
        f"{front.dataset}: {len(front.rows)} of {front.compared} rows are on the front of {_listed(front.axes)}",
        *([f"no row has a figure for {_listed(lacking)}"] if lacking else []),
        *([f"{front.left_out} left out for want of a figure"] if front.left_out else []),
    ]
    return "; ".join(parts) + "."


def _listed(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
