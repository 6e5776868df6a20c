"""How large the model is, and what has to be kept of it."""

from typing import Any

from bench.cell.job import CellRun


def probe(run: CellRun) -> dict[str, Any]:
    """Return parameter counts, and the bytes of what training changed."""
    return {
        "trainable_params": run.fitted.trainable_params,
        "total_params": sum(parameter.numel() for parameter in run.fitted.model.parameters()),
        "checkpoint_bytes": run.fitted.checkpoint_bytes,
    }
