"""A recommendation in words."""

from bench.answers.recommend import Answer
from bench.answers.rows.rows import Row
from bench.answers.verdicts import questions_told
from bench.reports.tables.formatting import corrected_for, number, percent, points, worded

SHOWN = 5


def render_answer(answer: Answer) -> str:
    """Return the answer with its evidence and the runner-up, or a plain no with the nearest that exists."""
    read_off = (
        [f"{answer.wanted.labels:,} labels were not measured; read off at {answer.labels:,}."]
        if answer.labels < answer.wanted.labels
        else []
    )
    return "\n".join([*read_off, *(_no(answer) if answer.best is None else _yes(answer, answer.best))])


def _no(answer: Answer) -> list[str]:
    assert answer.nearest is not None
    if answer.labels > answer.wanted.labels:
        what = f"was measured with {answer.wanted.labels:,} labels or fewer"
    else:
        what = f"measured at {answer.labels:,} labels keeps to the limits"
    broken = [f"  but {each}" for each in answer.broken]
    return [f"No: nothing {what}.", f"Nearest: {_told(answer.nearest)}", *broken]


def _yes(answer: Answer, best: Row) -> list[str]:
    lines = [f"{best.backbone}: {best.setting}", f"  {_evidence(best)}"]
    if not answer.others:
        return [*lines, "Nothing else keeps to the limits."]
    return [*lines, f"Runner-up: {_told(answer.others[0].first)}", *_certainty(answer)]


def _certainty(answer: Answer) -> list[str]:
    """Say what the data can't tell it from, or that it is better than all others."""
    if not answer.ties:
        told = "the one other that keeps" if len(answer.others) == 1 else f"all {len(answer.others)} others that keep"
        return [f"It is better than {told} to the limits{corrected_for(answer.others)}."]
    rivals = [
        f"  {verdict.first.backbone} {verdict.first.setting}: {points(verdict)} points, {worded(verdict)}"
        for verdict in answer.ties[:SHOWN]
    ]
    more = [f"  and {len(answer.ties) - SHOWN} more"] if len(answer.ties) > SHOWN else []
    asked = questions_told(answer.ties)
    return ["The data can't tell it from:", *rivals, *more, *([f"Each is one of {asked}."] if asked else [])]


def _told(row: Row) -> str:
    return f"{row.backbone} {row.setting}, {_evidence(row)}"


def _evidence(row: Row) -> str:
    latency = "" if row.latency_1_ms is None else f", {row.latency_1_ms:.1f} ms for an image"
    return (
        f"test accuracy {percent(row.accuracy)} % at {row.n_labels:,} labels; {number(row.throughput)} images/s "
        f"({row.throughput_of}), {row.memory_mib:,.0f} MiB{latency}, {number(row.cold_s, 1)} s a cell"
    )
