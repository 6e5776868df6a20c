"""Writes a run of any size: `python -m tests.tools.many_records FOLDER --count 100000`.

The records are copies of a real one, with the keys and nested values that a run writes, for a grid of data sets,
backbones, methods, budgets and seeds; accuracies rise with labels, backbones and methods differ, seeds scatter.
"""

import argparse
import dataclasses
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.records.record import Record
from bench.records.store import Store, Writer
from bench.schema import content_hash
from tests.material.examples import ENVIRONMENT, a_cell, a_record

METHODS = ("scratch", "linear_probe", "ridge_probe", "mlp_probe", "knn", "partial_finetune", "finetune", "lp_ft")
BUDGETS = (1, 5, 10, 50, 100)
SEEDS = 5
CLASSES = 10
BACKBONES = 25


def grid(count: int) -> Iterator[tuple[int, int, int, int, int]]:
    """Yield data set, backbone, method, budget and seed, as positions, as often as asked."""
    axes = (itertools.count(), range(BACKBONES), range(len(METHODS)), range(len(BUDGETS)), range(SEEDS))
    datasets = itertools.count()
    cells = ((dataset, *rest) for dataset in datasets for rest in itertools.product(*axes[1:]))
    return itertools.islice(cells, count)


def share(backbone: int, method: int, budget: int) -> float:
    """Return the accuracy that is expected of a cell."""
    ceiling = 0.9 + 0.08 * backbone / BACKBONES
    start = 0.7 - 0.05 * method
    return ceiling - start * (BUDGETS[budget] * CLASSES) ** -(0.3 + 0.02 * method)


def record_of(place: tuple[int, int, int, int, int], accuracy: float, template: Record) -> Record:
    """Return the record of a place of the grid."""
    dataset, backbone, method, budget, seed = place
    labels = BUDGETS[budget] * CLASSES
    return dataclasses.replace(
        template,
        cell_id=content_hash(place)[:16],
        dataset=f"dataset{dataset}",
        dataset_fingerprint=content_hash(dataset),
        test_sha256=content_hash(["test", dataset]),
        backbone=f"backbone{backbone}",
        weights="random" if METHODS[method] == "scratch" else "pretrained",
        weights_fingerprint=content_hash(["weights", backbone]),
        weights_sha256=content_hash(["sha", backbone]),
        method=METHODS[method],
        seed=seed,
        subset_sha256=content_hash([dataset, budget, seed]),
        budget=f"{BUDGETS[budget]} per class",
        labels_per_class=BUDGETS[budget],
        n_labels=labels,
        accuracy=accuracy,
        oracle_accuracy=min(1.0, accuracy + 0.01),
        val_accuracy=accuracy,
        per_class_accuracy=[round(accuracy, 6)] * CLASSES,
        throughput_images_per_s=1000.0 / (1 + method) + seed,
        total_s=3.0 + method + seed / 10,
        peak_rss_mib=400.0 + 10 * method + seed,
    )


def template() -> Record:
    """Return a finished record with as much in it as a run's own have."""
    return a_record(
        a_cell(),
        determinism={"fp32_precision": "ieee", "cudnn_benchmark": False, "CUBLAS_WORKSPACE_CONFIG": ":4096:8"},
        transform="resize 32x32 (bilinear, antialiased), normalise mean (0.5, 0.5, 0.5) std (0.5, 0.5, 0.5)",
        weights_source="the hub, timm/resnet18.a1_in1k",
        chosen={"l2": 0.3, "C": 0.034722222222222224, "edge": False},
        selection="best validation accuracy",
        cpu_s_by_phase={"data": 0.005, "build": 0.0983, "train": 0.6415, "eval": 0.1558, "oracle": 0.0001},
        peak_rss_mib_by_phase={"data": 509.7, "build": 534.6, "train": 570.8, "eval": 581.3, "oracle": 577.6},
        anatomy_ms={"data": 0.5, "copy": 0.25, "forward": 3.0, "backward": 6.0, "optimiser": 1.0},
        memory_mib_by_kind={"weights": 1.5, "gradients": 1.0, "optimiser": 2.0, "activations": 12.0},
        latency_ms={"1": 8.816141000352218, "64": 29.666136999367154},
        forward_gflop=0.008198016,
        profiled_in="71951a4e633e521a",
        n_test=1000,
        n_classes=CLASSES,
        executor="process",
        finished_at="2026-11-21T13:43:58+00:00",
    )


def answers(place: tuple[int, int, int, int, int], images: int) -> npt.NDArray[np.bool_]:
    """Return which test images a cell gets right: the easy ones first, some by luck."""
    _, backbone, method, budget, _ = place
    generator = np.random.default_rng(place)
    noise = generator.normal(0, 0.1, images) + generator.normal(0, 0.01)
    found: npt.NDArray[np.bool_] = np.linspace(0, 1, images) + noise < share(backbone, method, budget)
    return found


def write(folder: Path, count: int, images: int) -> None:
    """Write a run's folder; with test images, which of them each cell got right too."""
    store = Store(folder)
    base = template()
    ids = []
    # a flush to disk for each record would take an hour
    with store.writing() as writer, store.records_path.open("a") as lines:
        for place in grid(count):
            found = answers(place, images or 100)
            record = record_of(place, float(found.mean()), base)
            if images:
                record = kept(writer, dataclasses.replace(record, n_test=images), found)
            lines.write(json.dumps(record.to_json()) + "\n")
            ids.append(record.cell_id)
    store.update_manifest({"suite": "many", "description": "A large run.", "cells": ids}, {"machine": ENVIRONMENT})


def kept(writer: Writer, record: Record, found: npt.NDArray[np.bool_]) -> Record:
    """Keep which images a cell got right, and return the record that points there."""
    return dataclasses.replace(record, right_offset=writer.append_right(record.cell_id, found))


def main() -> None:
    """Read the command line and write."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.many_records", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--images", type=int, default=0, help="test images of each cell; 0: none are kept")
    asked = parser.parse_args()
    write(asked.folder, asked.count, asked.images)


if __name__ == "__main__":
    main()
