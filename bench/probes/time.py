"""Where the time of a cell went."""

from typing import Any

from bench.contracts import CellRun


def probe(run: CellRun) -> dict[str, Any]:
    """Return wall seconds per part, without double counting, and CPU seconds per phase.

    `features_s` is what this cell paid for frozen features, `features_cold_s` what it would have paid alone; the first
    is taken out of the phases in which it was paid.
    """
    wall = run.phases.wall_s
    paid = run.features.paid_s
    fitted = run.fitted
    cold = run.features.cold_s({"train": run.n_labels, "test": len(run.evaluation.labels)}) if fitted.part else None
    return {
        "data_s": wall["data"],
        "build_s": wall["build"],
        "features_s": sum(paid.values()) if fitted.part else None,
        "features_cold_s": cold,
        "tune_s": fitted.tune_s,
        "train_s": wall["train"] - fitted.tune_s - paid.get("train", 0.0),
        "eval_s": wall["eval"] - paid.get("test", 0.0),
        "oracle_s": wall["oracle"],
        "total_s": sum(wall.values()),
        "cpu_s": sum(run.phases.cpu_s.values()),
        "cpu_s_by_phase": {name: round(value, 4) for name, value in run.phases.cpu_s.items()},
    }
