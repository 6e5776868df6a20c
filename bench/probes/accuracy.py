"""How often the model is right."""

from typing import Any

import numpy as np

from bench.cell.job import CellRun


def probe(run: CellRun) -> dict[str, Any]:
    """Return accuracies in 0 to 1; top-5 only where there are more than five classes.

    `oracle_accuracy` is what choosing the best checkpoint on the test set would have claimed. Nothing ranks by it.
    """
    labels, logits = run.evaluation.labels, run.evaluation.logits.numpy()
    right = logits.argmax(1) == labels
    classes = logits.shape[1]
    counts = np.bincount(labels, minlength=classes)
    per_class = np.bincount(labels, weights=right, minlength=classes) / np.maximum(counts, 1)
    # a stable sort, so that equal logits are ranked alike everywhere
    top5 = np.argsort(-logits, axis=1, kind="stable")[:, :5] == labels[:, None]
    trace = run.fitted.trace
    return {
        "accuracy": float(right.mean()),
        "top5_accuracy": float(top5.any(1).mean()) if classes > 5 else None,
        "val_accuracy": run.fitted.score.accuracy if run.fitted.score else None,
        "val_loss": run.fitted.score.loss if run.fitted.score else None,
        "n_held_out": run.fitted.score.images if run.fitted.score else None,
        "oracle_accuracy": max(run.evaluation.candidate_accuracies),
        "per_class_accuracy": [
            round(float(value), 6) if count else None for value, count in zip(per_class, counts, strict=True)
        ],
        "initial_loss": trace.losses[0] if trace else None,
        "final_loss": trace.losses[-1] if trace else None,
    }
