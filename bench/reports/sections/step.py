"""What is a step made of?"""

from bench.answers.rows.rows import Row
from bench.answers.summary import Summary
from bench.contracts.reports import Section
from bench.reports.tables.formatting import KINDS, PARTS, at_largest, per_second, plain, shown

EXPLANATION = (
    "Measured once for cells alike, in passes of their own: the parts of a training step on a full batch, each waited "
    "for; memory by kind; a forward pass of the adapted network. *Bound by*: `loader` where real data make a step over "
    "a tenth longer than data that is there already. MFU is against matrix products measured here. *Not reliable* is "
    "what came out as it can't be, or can't be told of this training."
)


def section(summary: Summary) -> Section:
    """Parts of a step, memory by kind, and what the adapted network costs to use."""
    profiled = list(at_largest(summary, lambda row: row.latency_1_ms is not None))
    return Section(
        title="Inside a step",
        explanation=EXPLANATION,
        tables=shown(
            "Parts of a step, memory by kind, latency",
            (HEADERS, [_anatomy(row, setting) for setting, row in profiled]),
        ),
        lines=tuple(line for setting, row in profiled for line in _reasons(row, setting)),
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
        row.bound_by or _lacking(row.bound_by_reason),
        *(plain(kinds.get(kind), 1) for kind in KINDS),
        plain(row.forward_gflop, 3),
        _lacking(row.mfu_reason) if row.mfu is None else plain(row.mfu * 100, 1),
        plain(row.latency_1_ms, 1),
        plain(row.latency_64_ms, 1),
        per_second(row),
    ]


def _lacking(reason: str | None) -> str:
    return "-" if reason is None else "not reliable"


def _reasons(row: Row, setting: str) -> list[str]:
    """Say why a line lacks what it could have."""
    reasons = {"bound by": row.bound_by_reason, "MFU": row.mfu_reason, "GFLOP": row.flop_reason}
    return [f"{row.backbone}, {setting}: {name}: {reason}" for name, reason in reasons.items() if reason is not None]
