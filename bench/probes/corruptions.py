"""The accuracy on corrupted test images; measured only where a suite asks for it."""

import dataclasses
import time
from typing import Any

import numpy as np

from bench.cell.job import CellRun
from bench.data.batches import ImageBatches, OutputRows, fetch
from bench.data.corruptions import CORRUPTIONS, LEVELS, RECIPE, CorruptedImages
from bench.data.splits import Index, limited
from bench.learning.features import forward_all

MOST_IMAGES = 1000
"""Test images, evenly from the classes. The model answers each twenty times: four corruptions, five strengths."""
MARGIN_S = 30.0
"""Seconds of the time limit that stay reserved for the rest of the cell."""


def probe(run: CellRun) -> dict[str, Any]:
    """Return the chosen model's accuracy by corruption and strength, and on the same images as they are.

    The images are those of the one opening of the test set. `corruptions_s` is no part of the cell's other seconds.
    Where the time limit would be exceeded the probe gives up and returns the reason.
    """
    pixels = run.evaluation.pixels
    index = limited(pixels.labels, run.n_classes, MOST_IMAGES)
    left = run.cell.timeout_s - sum(run.phases.wall_s.values()) - MARGIN_S
    began = time.perf_counter()
    found: dict[str, list[float]] = {}
    kinds = [(name, level) for name in CORRUPTIONS for level in LEVELS]
    for done, (name, level) in enumerate(kinds):
        run.task.progress("corruptions", done, len(kinds))
        found.setdefault(name, []).append(accuracy_under(run, index, name, level))
        # foreseen from the pace so far: a cell that ran into its limit would lose its result for a probe
        if (time.perf_counter() - began) / (done + 1) * len(kinds) > left:
            return {"corruptions_reason": "too little time was left before timeout_s"}
    clean = run.evaluation.logits.numpy()[index].argmax(1) == pixels.labels[index]
    return {
        "corruption_accuracy": found,
        "corruption_clean_accuracy": float(clean.mean()),
        "n_corrupted": len(index),
        "corruptions_s": time.perf_counter() - began,
    }


def accuracy_under(run: CellRun, index: Index, name: str, level: int) -> float:
    """Return the accuracy on some test images under one corruption.

    Heads on frozen features share the corrupted images' features with other cells through the cache. Adaptation at
    test time adapts to the corrupted images, as it does to others.
    """
    pixels, fitted, cell = run.evaluation.pixels, run.fitted, run.cell
    worse = CorruptedImages(pixels.images[index], [pixels.ids[i] for i in index], name, level)
    if fitted.adaptation is not None:
        images = ImageBatches(worse, run.backbone.input, cell.device, fitted.adaptation.augmentation)
        logits = fitted.adaptation.logits(fitted.module, images, len(index))
    elif fitted.on_features and fitted.part is not None:
        # accounts of its own: what this extraction takes is no part of `features_s` or of the published rate
        apart = dataclasses.replace(run.features, charge=None, paid_s={}, manifests={})
        # the recipe stands in the key, so that another way to corrupt makes other features
        key = f"{run.features.data_key} {name} {level} of {len(index)}, recipe {RECIPE}"
        rows = OutputRows(apart.of(f"test {name} {level}", worse, fitted.part, data_key=key), cell.device)
        logits = forward_all(fitted.module, lambda some: fetch(rows, some), len(index), cell.device, cell.precision)
    else:
        images = ImageBatches(worse, run.backbone.input, cell.device)
        model = fitted.model.to(cell.device).eval()
        logits = forward_all(model, lambda some: fetch(images, some), len(index), cell.device, cell.precision)
    return float(np.mean(logits.argmax(1).numpy() == pixels.labels[index]))
