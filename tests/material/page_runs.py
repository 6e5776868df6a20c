"""Runs whose report is looked at as a page: records, side files with curves and predictions, a manifest."""

import dataclasses
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.answers.summary import Summary, summarise
from bench.records.record import Record
from bench.records.store import Store
from tests.material.examples import ENVIRONMENT as A_MACHINE
from tests.material.examples import a_record

HOSTILE = "<img src=x onerror=\"document.title='owned'\">"
BREAKING = "</script><script>document.title='owned'</script>\"'&amp; --> ${x} {{ 7*7 }}"
ENVIRONMENT = {**A_MACHINE, "commit": "c0ffee"}
ANATOMY = {"data": 0.5, "copy": 0.25, "forward": 3.0, "backward": 6.0, "optimiser": 1.0}
KINDS = {"weights": 1.5, "gradients": 1.0, "optimiser": 2.0, "activations": 12.0}
PHASES = {"data": 310.0, "build": 330.0, "train": 420.0, "eval": 400.0}
BASES = {"linear_probe": 0.62, "finetune": 0.55, "scratch": 0.4, "lora": 0.58, "bitfit": 0.5}
IMAGES = 80
"""Of the test set."""


def cells(
    backbones: Sequence[str] = ("resnet18", "vit_tiny"),
    methods: Sequence[str] = ("linear_probe", "finetune", "scratch"),
    budgets: Sequence[int] = (10, 100, 1000),
    seeds: int = 3,
    **changes: Any,
) -> list[Record]:
    """Return records of a grid in which fine-tuning is behind with few labels and ahead with many."""
    grid = product(backbones, methods, budgets, range(seeds))
    return [
        _cell(f"{place:016x}", *where, generator=np.random.default_rng(place), **changes)
        for place, where in enumerate(grid)
    ]


def _cell(
    cell_id: str, backbone: str, method: str, labels: int, seed: int, generator: np.random.Generator, **changes: Any
) -> Record:
    growth = 0.06 if method == "linear_probe" else 0.13
    accuracy = round((BASES[method] + growth * np.log10(labels / 10) + generator.normal(0, 0.01)) * IMAGES) / IMAGES
    seconds = {"linear_probe": 0.4, "scratch": 9.0}.get(method, 6.0) + labels / 500 + generator.uniform(0, 0.2)
    fields = {
        "cell_id": cell_id,
        "backbone": backbone,
        "method": method,
        "weights": "random" if method == "scratch" else "pretrained",
        "budget": f"{labels // 10} per class",
        "n_labels": labels,
        "seed": seed,
        "accuracy": accuracy,
        "oracle_accuracy": min(1.0, accuracy + 1 / IMAGES),
        "total_s": seconds,
        "features_s": 0.0,
        "features_cold_s": 0.0,
        "test_sha256": "e" * 64,
        "latency_ms": {"1": 4.0 + len(backbone), "64": 60.0},
        "profiled_in": cell_id,
        "anatomy_ms": None if method == "linear_probe" else ANATOMY,
        "memory_mib_by_kind": None if method == "linear_probe" else KINDS,
        "peak_rss_mib_by_phase": PHASES,
        "baseline_rss_mib": 250.0,
        "chosen": {"step": 200},
        "side_file": f"cells/{cell_id}.npz",
    }
    return a_record(**{**fields, **changes})


def unfinished() -> list[Record]:
    """Return a cell for each way to have no number."""
    lacking = {"accuracy": None, "oracle_accuracy": None}
    return [
        a_record(cell_id=f"{status:>016}", status=status, reason=f"why it {status}", seed=place, **lacking)
        for place, status in enumerate(("failed", "oom", "timeout", "diverged", "skipped"))
    ]


def a_summary(*records: Record) -> Summary:
    """The summary of some records, of all finished cells where none is given; nothing is known of what was right."""
    return summarise(records or cells(), {"suite": "example"})


def write_run(folder: Path, records: Sequence[Record], steps: int = 200, **manifest: Any) -> Path:
    """Write a run's folder, with curves and predictions for the cells that have a number."""
    store = Store(folder)
    with store.writing() as writer:
        for place, record in enumerate(records):
            if record.status == "ok" and record.side_file is not None:
                arrays = _arrays(record, steps, np.random.default_rng(place))
                record = dataclasses.replace(record, side_file=writer.write_side_file(record.cell_id, arrays))
            writer.append(record)
    contents = {
        "suite": "example",
        "description": "What is it worth?",
        "command": "bench run example",
        "suite_text": "name: example\n",
        "cells": [record.cell_id for record in records],
        **manifest,
    }
    store.update_manifest(contents, {"machine": ENVIRONMENT})
    return folder


def _arrays(record: Record, steps: int, generator: np.random.Generator) -> dict[str, npt.NDArray[Any]]:
    labels = np.arange(IMAGES) % 10
    wrong = generator.permutation(IMAGES)[: IMAGES - round((record.accuracy or 0.0) * IMAGES)]
    predictions = labels.copy()
    predictions[wrong] = (predictions[wrong] + 1) % 10
    if record.method == "linear_probe":
        return {"labels": labels, "predictions": predictions, "candidate_accuracies": np.array([record.accuracy])}
    falling = 2.3 * np.exp(-np.arange(steps) / 60) + generator.normal(0, 0.05, steps) ** 2
    return {
        "labels": labels,
        "predictions": predictions,
        "candidate_accuracies": np.linspace(0.2, record.accuracy or 0.0, 5),
        "losses": falling,
        "step_s": generator.gamma(20, 0.001, steps),
    }
