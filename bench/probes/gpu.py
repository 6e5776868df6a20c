"""The GPU's state around the training."""

from typing import Any

from bench.cell.job import CellRun


def probe(run: CellRun) -> dict[str, Any]:
    """Return NVML's state before and after training, the joules in between, and how many other processes there were."""
    before, after = run.phases.gpu.get("train", (None, None))
    if before is None or after is None:
        return {"gpu_state": None}
    spent = None if None in (before["joules"], after["joules"]) else after["joules"] - before["joules"]
    others = [state["other_processes"] for state in (before, after) if state["other_processes"] is not None]
    return {"gpu_state": {"before": before, "after": after, "joules": spent, "others": max(others, default=None)}}
