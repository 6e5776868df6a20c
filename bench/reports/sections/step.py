"""What is a step made of?"""

from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.contracts.reports import Section
from bench.reports.tables.formatting import KINDS, PARTS, at_largest, per_second, plain, shown

EXPLANATION = (
    "Measured once for cells alike, in passes of their own: the parts of a training step, each waited for; memory by "
    "kind; a forward pass of the adapted network. *Bound by*: `loader` where real data make a step over a tenth longer "
    "than data that is there already. MFU is against a matrix product measured here."
)


def section(summary: Summary) -> Section:
    """Parts of a step, memory by kind, and what the adapted network costs to use."""
    profiled = at_largest(summary, lambda row: row.latency_1_ms is not None)
    return Section(
        title="Inside a step",
        explanation=EXPLANATION,
        tables=shown(
            "Parts of a step, memory by kind, latency",
            (HEADERS, [_anatomy(row, setting) for setting, row in profiled]),
        ),
        chart="step" if any(row.anatomy_ms or row.memory_mib_by_kind for row in summary.rows) else "",
    )


HEADERS = (
    "backbone",
    "method (initial weights)",
    *(f"{part}, ms" for part in PARTS),
    "bound by",
    *(f"{kind}, MiB" for kind in KINDS),
    "GFLOP, forward",
    "MFU, %",
    "latency of 1, ms",
    "of 64, ms",
    "accuracy above chance per s, points",
)


def _anatomy(row: Row, setting: str) -> list[str]:
    parts, kinds = row.anatomy_ms or {}, row.memory_mib_by_kind or {}
    return [
        row.backbone,
        setting,
        *(plain(parts.get(part), 1) for part in PARTS),
        row.bound_by or "-",
        *(plain(kinds.get(kind), 1) for kind in KINDS),
        plain(row.forward_gflop, 3),
        plain(None if row.mfu is None else row.mfu * 100, 1),
        plain(row.latency_1_ms, 1),
        plain(row.latency_64_ms, 1),
        per_second(row),
    ]
