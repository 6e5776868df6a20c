"""How large the model is, and what has to be kept of it."""

from typing import Any

from bench.contracts import CellRun


def probe(run: CellRun) -> dict[str, Any]:
    """Return parameter counts, and the bytes of what training changed."""
    head = sum(parameter.numel() for parameter in run.fitted.module.parameters()) if run.fitted.on_features else 0
    network = sum(parameter.numel() for parameter in run.backbone.network.parameters())
    on_images = sum(parameter.numel() for parameter in run.fitted.module.parameters())
    return {
        "trainable_params": run.fitted.trainable_params,
        "total_params": network + head if run.fitted.on_features else on_images,
        "checkpoint_bytes": run.fitted.checkpoint_bytes,
    }
