"""How fast the real loop was, without its warm-up."""

import os
from typing import Any

import numpy as np

from bench.cell.job import CellRun
from bench.contracts.training import Trace
from bench.learning.features import FrozenFeatures


def probe(run: CellRun) -> dict[str, Any]:
    """Return images per second over all measured steps, and the percentiles in ms of those on a full batch.

    A probe on frozen features has the extraction's rate, from a cold cache: its own steps say nothing of its cost.
    Cells that ran side by side publish no throughput.
    """
    trace = run.fitted.trace
    alone = run.workers == 1
    fields: dict[str, Any] = {"workers": run.workers, "pinned_to": None if alone else _pinned_to()}
    if trace is not None:
        fields |= _steps(trace)
    if run.fitted.on_features:
        fields |= _of_extraction(run.features)
    else:
        assert trace is not None, "a method that works on images has a training loop"
        fields |= _of_training(trace)
    # beside others a cell has only its share of the machine; CPU seconds per image stand all the same
    return fields if alone else {**fields, "throughput_images_per_s": None}


def _pinned_to() -> list[int] | None:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


def _of_extraction(features: FrozenFeatures) -> dict[str, Any]:
    cpu = features.cpu_s_per_image()
    return {
        "throughput_images_per_s": features.rate(),
        "throughput_of": "extraction",
        "cpu_s_per_1000_images": cpu * 1000 if cpu is not None else None,
    }


def _of_training(trace: Trace) -> dict[str, Any]:
    images = sum(trace.images[step] for step in trace.measured)
    wall_s, cpu_s = (sum(seconds[step] for step in trace.measured) for seconds in (trace.wall_s, trace.cpu_s))
    return {
        "throughput_images_per_s": images / wall_s if images else None,
        "throughput_of": "training",
        "cpu_s_per_1000_images": cpu_s / images * 1000 if images else None,
    }


def _steps(trace: Trace) -> dict[str, Any]:
    # an epoch's last batch is smaller: among the others its steps would stand as quick ones
    measured = np.asarray([trace.wall_s[step] for step in trace.measured_full]) * 1000
    percentiles = {f"p{q}": float(np.percentile(measured, q)) for q in (50, 90, 95, 99)} if len(measured) else {}
    return {
        "step_ms": {**percentiles, "n": len(measured)} if len(measured) else None,
        "warmup_steps": trace.warmup_steps,
        "warmup_s": float(sum(trace.wall_s[: trace.warmup_steps])),
        "steps_done": len(trace.wall_s),
        "batch_effective": trace.batch_effective,
        "optimizer_kind": trace.optimizer_kind,
        "compile_s": trace.compile_s,
    }
