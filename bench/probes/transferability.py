"""How well the frozen features suit the labels of the budget, before anything is trained."""

from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from bench.backbones.building import state_sha256
from bench.catalog import SCORES
from bench.cell.job import CellRun
from bench.cell.profiling import once

MOST_IMAGES = 2000
"""Images of the budget that are looked at; more would cost more than a linear probe."""


def probe(run: CellRun) -> dict[str, Any]:
    """Return the scores; null where the cell made no features of the whole backbone, or saw a single class.

    Scores hang on features, labels and the weights' own classifier alone, so all methods of a run share one
    computation. `leep` and `nce` are null where the weights come without a classifier.
    """
    fitted, cell, index = run.fitted, run.cell, run.task.budget_index
    plain = fitted.part is not None and fitted.part.name == "features"
    if not plain or run.task.source is not None or len(np.unique(run.task.labels[index])) < 2:
        return {"transferability": None}

    head = run.backbone.source_head

    def measure() -> dict[str, Any]:
        return {"transferability": scores(run, index[:: -(-len(index) // MOST_IMAGES)])}

    if run.job.profiles is None:
        return measure()
    key = {
        "scores": SCORES.names(),
        "network": run.features.network,
        "architecture": cell.backbone,  # two architectures can share all their tensors
        "classifier": None if head is None else state_sha256(head.state_dict()),
        "data": run.features.data_key,
        "index": index.tolist(),
        "precision": cell.precision,
        "device": cell.device,
        "threads": cell.threads,
    }
    return once(run.job.profiles, key, measure)


def scores(run: CellRun, index: Any) -> dict[str, float | None]:
    """Return each score of the features of the images at `index`."""
    features = run.task.outputs(run.task.whole, None)[index]
    labels = np.unique(run.task.labels[index], return_inverse=True)[1]
    head = run.backbone.source_head
    source = None
    if head is not None:
        with torch.no_grad():
            source = head.to("cpu")(features).double().softmax(1).numpy()
    wide = features.double().numpy()
    with threadpool_limits(1):  # two threads pay for wide features only, and not beside other processes
        found = {name: entry.call(wide, labels, source) for name, entry in sorted(SCORES.working().items())}
    return {name: None if value is None else round(float(value), 6) for name, value in found.items()}
