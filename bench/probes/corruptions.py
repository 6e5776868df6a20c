"""How much of the accuracy is left on test images that were made worse: taken only where a suite asks for it."""

import dataclasses
import time
from typing import Any

import numpy as np

from bench.cell.job import CellRun
from bench.data.batches import ImageBatches, OutputRows, fetch
from bench.data.corruptions import CORRUPTIONS, LEVELS, RECIPE, CorruptedImages
from bench.data.splits import Index, limited

MOST_IMAGES = 1000
"""Of the test set's, evenly from its classes: they are looked at twenty times."""
MARGIN_S = 30.0
"""Left of the time limit for what else a cell does."""


def probe(run: CellRun) -> dict[str, Any]:
    """Return the chosen model's accuracy by corruption and strength, and on the same images as they are.

    The images are those of the one opening of the test set. What it takes stands apart from the cell's other seconds;
    where the time limit would not hold it, it is left out and the reason said.
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

    Heads on frozen features take those of the corrupted images from the cache that cells share, or put them there, on
    an account of their own. Adaptation at test time meets them as it meets other test images.
    """
    from bench.learning.features import forward_all

    pixels, fitted, cell = run.evaluation.pixels, run.fitted, run.cell
    worse = CorruptedImages(pixels.images[index], [pixels.ids[i] for i in index], name, level)
    if fitted.adaptation is not None:
        images = ImageBatches(worse, run.backbone.input, cell.device, fitted.adaptation.augmentation)
        logits = fitted.adaptation.logits(fitted.module, images, len(index))
    elif fitted.on_features and fitted.part is not None:
        apart = dataclasses.replace(run.features, charge=None, paid_s={}, manifests={})
        key = f"{run.features.data_key} {name} {level} of {len(index)}, recipe {RECIPE}"
        rows = OutputRows(apart.of(f"test {name} {level}", worse, fitted.part, data_key=key), cell.device)
        logits = forward_all(fitted.module, lambda some: fetch(rows, some), len(index), cell.device, cell.precision)
    else:
        images = ImageBatches(worse, run.backbone.input, cell.device)
        model = fitted.model.to(cell.device).eval()
        logits = forward_all(model, lambda some: fetch(images, some), len(index), cell.device, cell.precision)
    return float(np.mean(logits.argmax(1).numpy() == pixels.labels[index]))
