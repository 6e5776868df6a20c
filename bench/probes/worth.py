"""What a cell's accuracy cost in time."""

from typing import Any

from bench.contracts import CellRun


def probe(run: CellRun) -> dict[str, Any]:
    """Return accuracy above chance (one over the classes) per second from a cold cache to the fitted model.

    Counted are features or frozen part as they would cost alone, tuning and training; not reading, not testing.
    """
    wall, paid = run.phases.wall_s["train"], run.features.paid_s.get("train", 0.0)
    cold = run.features.cold_s({"train": run.n_labels}) if run.fitted.part else 0.0
    seconds = wall - paid + cold
    accuracy = float((run.evaluation.logits.argmax(1).numpy() == run.evaluation.labels).mean())
    return {"accuracy_per_s": (accuracy - 1 / run.n_classes) / seconds if seconds > 0 else None}
