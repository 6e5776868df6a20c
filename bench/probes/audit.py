"""Checks that every cell carries: what must hold for its number to mean what it says."""

import math
from typing import Any

from bench.cell.job import CellRun

INITIAL_LOSS_TOLERANCE = 0.15
"""Relative. A zero-initialised head starts at ln(classes); rounding and mixing move that a little."""


def probe(run: CellRun) -> dict[str, Any]:
    """Return true, false, or null where a check doesn't apply."""
    fitted, trace = run.fitted, run.fitted.trace
    trained, tested = set(run.train_ids), set(run.test_ids)
    fit, val = set(run.fit_index.tolist()), set(run.val_index.tolist())
    return {
        "audit": {
            "frozen_unchanged": run.frozen_unchanged if fitted.frozen else None,
            "optimizer_exact": trace.optimizer_exact if trace else None,
            # by file or position: copies of one image under two names are what `duplicates` counts
            "splits_disjoint": not (fit & val) and not (trained & tested),
            "test_opened_once": run.evaluation.openings == 1,
            "initial_loss_ln_classes": starts_blank(run),
        }
    }


def starts_blank(run: CellRun) -> bool | None:
    """Say whether the first loss is what knowing nothing costs; null where the loop starts otherwise, or is none."""
    trace = run.fitted.trace
    if trace is None or not trace.blank_start or run.cell.training.loss != "cross_entropy":
        return None
    return near_ln(trace.losses[0], run.n_classes)


def near_ln(loss: float, n_classes: int) -> bool:
    """Say whether a first loss is close to ln(classes)."""
    return abs(loss / math.log(n_classes) - 1) < INITIAL_LOSS_TOLERANCE
