"""What a record repeats from its cell."""

import dataclasses
from typing import Any

from bench.schema import Cell


def identity_fields(cell: Cell) -> dict[str, Any]:
    """Return the fields that a record repeats from its cell."""
    budget = cell.budget
    return {
        "cell_id": cell.cell_id,
        "suite": cell.suite,
        "dataset": cell.dataset.name,
        "dataset_params": dict(cell.dataset.params),
        "backbone": cell.backbone,
        "weights": cell.weights,
        "method": cell.method.name,
        "method_params": dict(cell.method.params),
        "method_settings": dict(cell.settings),
        "budget": budget.label,
        "fraction": budget.value if budget.kind == "fraction" else None,
        "labels_per_class": int(budget.value) if budget.kind == "labels_per_class" else None,
        "n_labels": int(budget.value) if budget.kind == "labels" else None,
        "image_selection": cell.selection,
        "source": cell.source.name if cell.source else None,
        "source_params": dict(cell.source.params) if cell.source else {},
        "search": cell.search,
        "seed": cell.seed,
        "subset_seed": cell.subset_seed,
        "init_seed": cell.init_seed,
        "order_seed": cell.order_seed,
        "repeat": cell.repeat,
        "device": cell.device,
        "precision": cell.precision,
        "precision_reason": cell.precision_reason,
        "threads": cell.threads,
        "image_size": cell.image_size,
        "deterministic": cell.deterministic,
        "batch_size": cell.training.batch_size,
        "training": dataclasses.asdict(cell.training),
        "limit": cell.limit,
        "probes": list(cell.probes),
        "validation": cell.validation,
        "protocol": cell.protocol,
    }
