"""What a cell's accuracy cost in time."""

from typing import Any

from bench.cell.job import CellRun

LEARNING = ("select", "tune", "train")
"""The phases in which a cell comes to its model."""


def probe(run: CellRun) -> dict[str, Any]:
    """Return accuracy above chance (one over the classes) per second from a cold cache to the fitted model.

    Tuning and training count, and features or a frozen part as if the cell had made them alone; reading data and
    testing don't.
    """
    phases = run.phases
    # as if alone: cells are to be compared by what they cost, not by which of them came first and paid for all
    paid = sum(phases.shared_s.get(name, 0.0) for name in LEARNING)
    cold = run.features.cold_s(dict(run.seen)) if phases.shared_s else 0.0
    seconds = sum(phases.wall_s[name] for name in LEARNING) - paid + cold
    accuracy = float((run.evaluation.logits.argmax(1).numpy() == run.evaluation.labels).mean())
    return {"accuracy_per_s": (accuracy - 1 / run.n_classes) / seconds if seconds > 0 else None}
