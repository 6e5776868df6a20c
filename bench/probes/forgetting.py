"""What the transfer left of the task that the initial weights were trained on."""

import time
from typing import Any

import torch

from bench.backbones.building import state_sha256
from bench.backbones.sources import source_of
from bench.cell.job import CellRun
from bench.cell.profiling import once
from bench.contracts.networks import Backbone
from bench.data.batches import ImageBatches, Index, fetch
from bench.data.joined import Rows
from bench.data.splits import limited
from bench.learning.features import forward_all
from bench.pretraining.pretrained import joined_split

MOST_IMAGES = 1000
"""Test images of the source, evenly from its classes."""


def probe(run: CellRun) -> dict[str, Any]:
    """Return the accuracy of the weights' own classifier on held-out images of its source, before and after.

    After the transfer the same classifier reads the features of the adapted backbone. A method that leaves the backbone
    as it was forgets nothing. The accuracy before is computed once for all cells of a run.
    """
    reason = why_not(run)
    if reason is not None:
        return {"forgetting_reason": reason}
    began = time.perf_counter()
    images, labels = joined_split(run.job.learnt_from, "test")
    classes = sum(len(source.about["class_names"]) for source in run.job.learnt_from)
    index = limited(labels, classes, MOST_IMAGES)
    if not len(index):
        return {"forgetting_reason": "the source has no held-out images"}
    before = accuracy_before(run, images, labels, index)
    # a head on features leaves the backbone bit for bit as it was, so there is nothing to measure again
    after = before if run.fitted.on_features else accuracy_of(run, run.backbone, images, labels, index)
    return {
        "source_accuracy_before": before,
        "source_accuracy_after": after,
        "forgetting": before - after,
        "n_source_test": len(index),
        "forgetting_s": time.perf_counter() - began,
    }


def why_not(run: CellRun) -> str | None:
    """Return why there is nothing to measure; null where there is something."""
    if run.cell.weights == "random":
        return "random weights have learnt no task"
    if run.backbone.source_head is None:
        return "the initial weights come without a classifier of their own"
    if not run.job.learnt_from:
        return "the images that the initial weights were trained on are not at hand"
    return None


def accuracy_before(run: CellRun, images: Rows, labels: Index, index: Index) -> float:
    """Return the accuracy from a fresh copy of the initial weights; measured once in a run."""
    assert run.backbone.source_head is not None
    cell = run.cell

    def measure() -> dict[str, float]:
        fresh = source_of(cell.backbone).build(cell.backbone, run.job.weights.path, cell.image_size)
        fresh.network.to(cell.device).to(memory_format=torch.channels_last)
        return {"accuracy": accuracy_of(run, fresh, images, labels, index)}

    if run.job.profiles is None:
        return measure()["accuracy"]
    key = {
        "source task": [source.path.name for source in run.job.learnt_from],
        "images": len(index),
        "network": run.features.network,
        "architecture": cell.backbone,
        "classifier": state_sha256(run.backbone.source_head.state_dict()),
        "precision": cell.precision,
        "device": cell.device,
        "threads": cell.threads,
    }
    return float(once(run.job.profiles, key, measure)["accuracy"])


def accuracy_of(run: CellRun, backbone: Backbone, images: Rows, labels: Index, index: Index) -> float:
    """Return the accuracy of the source's classifier on a backbone's features of the images at `index`."""
    assert run.backbone.source_head is not None
    cell = run.cell
    batches = ImageBatches(images, backbone.input, cell.device)
    network = backbone.network.eval()
    features = forward_all(network, lambda some: fetch(batches, index[some]), len(index), cell.device, cell.precision)
    with torch.no_grad():
        answers = run.backbone.source_head.to("cpu")(features).argmax(1).numpy()
    return float((answers == labels[index]).mean())
