"""Small real things that several tests need: a cell, a record, image files, a file of weights."""

import dataclasses
from pathlib import Path
from typing import Any

from PIL import Image

from bench.records.identity import identity_fields
from bench.records.record import Record
from bench.schema import Budget, Cell, Choice, Training

ENVIRONMENT = {
    "processor": "a processor",
    "cores": 2,
    "memory_gib": 8,
    "system": "Linux",
    "device": "cpu",
    "gpu": None,
    "python": "3.11",
    "packages": {"torch": "2.0"},
    "commit": None,
}
"""A machine, as the manifest of a run has it."""


def a_cell(**changes: Any) -> Cell:
    """A cell of a linear probe on the digits."""
    cell = Cell(
        suite="example",
        dataset=Choice("digits"),
        backbone="test_resnet",
        weights="supervised@glyphs",
        method=Choice("linear_probe"),
        settings={"l2": [1.0, 10.0], "default_l2": 100.0, "solver": "lbfgs"},
        budget=Budget("labels_per_class", 5),
        seed=0,
        device="cpu",
        precision="fp32",
        threads=1,
        image_size=32,
        training=Training(),
    )
    return dataclasses.replace(cell, **changes)


def a_record(cell: Cell | None = None, **changes: Any) -> Record:
    """The record of a cell that has its number."""
    cell = cell or a_cell()
    fields: dict[str, Any] = {
        **identity_fields(cell),
        "status": "ok",
        "reason": None,
        "dataset_fingerprint": "d" * 64,
        "weights_fingerprint": "f" * 64,
        "weights_sha256": "a" * 64,
        "n_labels": 50,
        "accuracy": 0.9,
        "steps_done": 100,
        "val_accuracy": 0.875,
        "oracle_accuracy": 0.92,
        "throughput_images_per_s": 1000.0,
        "throughput_of": "training",
        "step_ms": {"p50": 12.5, "p90": 15.0},
        "cpu_s_per_1000_images": 1.5,
        "peak_rss_mib": 400.0,
        "total_s": 3.0,
        "features_s": 0.5,
        "features_cold_s": 2.0,
        "trainable_params": 650,
        "total_params": 380_000,
        "checkpoint_bytes": 2600,
        "audit": {"frozen_unchanged": True, "splits_disjoint": True, "optimizer_exact": None},
        "env": "machine",
        "workers": 1,
    }
    return Record(**{**fields, **changes})


def save_image(path: Path, shade: int = 128, side: int = 12) -> Path:
    """Write a grey square to a file, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (side, side), (shade, shade, shade)).save(path)
    return path


def save_class_folders(folder: Path, classes: dict[str, int]) -> Path:
    """Write so many images of each class, all different."""
    for label, (name, count) in enumerate(classes.items()):
        for number in range(count):
            save_image(folder / name / f"{number}.png", shade=(40 * label + 3 * number) % 256)
    return folder


def write_weights(folder: Path, seed: int) -> Path:
    """Write weights of test_resnet that differ by seed; return the folder."""
    import timm
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(seed)
    save_file(timm.create_model("test_resnet", num_classes=0).state_dict(), folder / "test_resnet.safetensors")
    return folder
