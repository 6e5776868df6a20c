"""Seconds of a cell by what they went into."""

from typing import Any

from bench.cell.job import CellRun


def probe(run: CellRun) -> dict[str, Any]:
    """Return wall seconds by part, each second counted once, and CPU seconds by phase.

    `features_s` is what this cell paid for frozen features; it is taken out of the phases in which it was paid.
    `features_cold_s` is what the cell would have paid alone.
    """
    wall, shared = run.phases.wall_s, run.phases.shared_s
    own = {name: seconds - shared.get(name, 0.0) for name, seconds in wall.items()}
    fitted = run.fitted
    images = {**run.seen, "test": len(run.evaluation.labels)}
    return {
        "data_s": wall["data"],
        "build_s": wall["build"],
        "select_s": own["select"],
        "features_s": sum(shared.values()) if shared else None,
        "features_cold_s": run.features.cold_s(images) if shared else None,
        "tune_s": own["tune"] + fitted.tune_s,
        "train_s": own["train"] - fitted.tune_s,
        "eval_s": own["eval"],
        "oracle_s": wall["oracle"],
        "total_s": sum(wall.values()),
        "cpu_s": sum(run.phases.cpu_s.values()),
        "cpu_s_by_phase": {name: round(value, 4) for name, value in run.phases.cpu_s.items()},
    }
