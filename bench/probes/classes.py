"""How well each class fares, where the mean over images would hide it."""

from typing import Any

import numpy as np
from sklearn.metrics import f1_score

from bench.cell.job import CellRun


def probe(run: CellRun) -> dict[str, Any]:
    """Return macro-F1 (the mean over the classes that were shown or answered), and the class that fares worst.

    Of several that fare equally badly the first one is named. A class without test images can't be the worst.
    """
    labels, answers = run.evaluation.labels, run.evaluation.logits.argmax(1).numpy()
    shown = np.unique(labels)
    recalls = [float((answers[labels == label] == label).mean()) for label in shown]
    worst = int(np.argmin(recalls))
    return {
        "macro_f1": float(f1_score(labels, answers, average="macro", zero_division=0.0)),
        "worst_class": str(run.job.data.about["class_names"][shown[worst]]),
        "worst_class_accuracy": recalls[worst],
    }
