"""What had to hold in a cell, checked in that cell."""

import math
from typing import Any

from bench.cell.job import CellRun

INITIAL_LOSS_TOLERANCE = 0.15
"""Relative; a zero-initialised head starts at ln(classes) but for rounding and mixing."""


def probe(run: CellRun) -> dict[str, Any]:
    """Return pass, fail, or null where a check doesn't apply."""
    fitted, trace = run.fitted, run.fitted.trace
    trained, tested = set(run.train_ids), set(run.test_ids)
    fit, val = set(run.fit_index.tolist()), set(run.val_index.tolist())
    applies = trace is not None and trace.blank_start and run.cell.training.loss == "cross_entropy"
    return {
        "audit": {
            "frozen_unchanged": run.frozen_unchanged if fitted.frozen else None,
            "optimizer_exact": trace.optimizer_exact if trace else None,
            "splits_disjoint": not (fit & val) and not (trained & tested),
            "test_opened_once": run.evaluation.openings == 1,
            "initial_loss_ln_classes": near_ln(trace.losses[0], run.n_classes) if applies and trace else None,
        }
    }


def near_ln(loss: float, n_classes: int) -> bool:
    """Say whether a first loss is what knowing nothing costs."""
    return abs(loss / math.log(n_classes) - 1) < INITIAL_LOSS_TOLERANCE
