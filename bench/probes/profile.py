"""The profile: what was measured once for all cells like this one."""

from typing import Any

from bench.cell.job import CellRun


def probe(run: CellRun) -> dict[str, Any]:
    """Return anatomy, verdict, memory by kind, FLOP and latency; see `bench/cell/profiles/`."""
    return dict(run.profile)
