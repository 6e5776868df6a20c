"""A saved baseline for a terminal and as JSON."""

import json
from collections.abc import Sequence

from tabulate import tabulate

from bench.gate.quantities import QUANTITIES, counter
from bench.gate.samples import Side, label, mean_of, rows_of
from bench.reports.checks.figures import figure

SHOWN = ("accuracy", "throughput", "cpu_time", "peak_rss", "trainable_params", "min", "median")


def render_list(sides: Sequence[Side]) -> str:
    """Return a line per baseline."""
    if not sides:
        return "no baseline yet; save one with bench baseline save NAME RUN"
    rows = [
        [side.title, side.made_at or "-", (side.commit or "-")[:12], str(len(side.samples)), side.machine]
        for side in sides
    ]
    return tabulate(rows, ["name", "made at", "commit", "cells", "machine"], tablefmt="simple", disable_numparse=True)


def render_side(side: Side) -> str:
    """Return what a baseline holds: where it was measured, and the mean figures of its rows."""
    rows = rows_of(side)
    shown = [name for name in (*SHOWN, *sorted(side.counters)) if name in side.figures]
    cells = [
        [
            label(row),
            str(len(samples)),
            *(figure(mean_of(samples, name), QUANTITIES.get(name, counter(name))) for name in shown),
        ]
        for row, samples in rows.items()
    ]
    head = f"{side.title}: {side.machine}; commit {side.commit or 'unknown'}; {side.made_at}"
    return f"{head}\n\n{tabulate(cells, ['row', f'{side.repeats}s', *shown], tablefmt='simple', disable_numparse=True)}"


def render_json(side: Side) -> str:
    """Return a baseline as one JSON document, a list of rows with their mean figures."""
    rows = [
        {
            "row": dict(row),
            "count": len(samples),
            "means": {name: mean_of(samples, name) for name in sorted(side.figures)},
        }
        for row, samples in rows_of(side).items()
    ]
    keys = {"title": side.title, "made_at": side.made_at, "commit": side.commit, "machine": side.machine}
    return json.dumps({**keys, "rows": rows}, indent=1)
