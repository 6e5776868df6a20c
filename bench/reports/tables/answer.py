"""A recommendation in words."""

from bench.answers.recommend import Answer
from bench.answers.rows.rows import Row
from bench.reports.tables.formatting import number, percent, points, worded

SHOWN = 5


def render_answer(answer: Answer) -> str:
    """Return the answer with its evidence and the runner-up, or a plain no with the nearest that exists."""
    lines = []
    if answer.labels < answer.wanted.labels:
        lines.append(f"{answer.wanted.labels:,} labels were not measured; read off at {answer.labels:,}.")
    if answer.best is None:
        assert answer.nearest is not None
        few = answer.labels > answer.wanted.labels
        what = f"was measured with {answer.wanted.labels:,} labels or fewer"
        return "\n".join(
            [
                *lines,
                f"No: nothing {what if few else f'measured at {answer.labels:,} labels keeps to the limits'}.",
                f"Nearest: {_told(answer.nearest)}",
                *(f"  but {broken}" for broken in answer.broken),
            ]
        )
    lines += [f"{answer.best.backbone}: {answer.best.setting}", f"  {_evidence(answer.best)}"]
    if not answer.others:
        return "\n".join([*lines, "Nothing else keeps to the limits."])
    lines.append(f"Runner-up: {_told(answer.others[0].first)}")
    if answer.ties:
        lines.append("The data can't tell it from:")
        lines += [
            f"  {verdict.first.backbone} {verdict.first.setting}: {points(verdict)} points, {worded(verdict)}"
            for verdict in answer.ties[:SHOWN]
        ]
        if len(answer.ties) > SHOWN:
            lines.append(f"  and {len(answer.ties) - SHOWN} more")
    else:
        told = "the one other that keeps" if len(answer.others) == 1 else f"all {len(answer.others)} others that keep"
        lines.append(f"It is better than {told} to the limits.")
    return "\n".join(lines)


def _told(row: Row) -> str:
    return f"{row.backbone} {row.setting}, {_evidence(row)}"


def _evidence(row: Row) -> str:
    latency = "" if row.latency_1_ms is None else f", {row.latency_1_ms:.1f} ms for an image"
    return (
        f"test accuracy {percent(row.accuracy)} % at {row.n_labels:,} labels; {number(row.throughput)} images/s "
        f"({row.throughput_of}), {row.memory_mib:,.0f} MiB{latency}, {number(row.cold_s, 1)} s a cell"
    )
