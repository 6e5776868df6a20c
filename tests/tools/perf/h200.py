"""`h200`: fine-tuning on a CUDA device, against a bare loop on a batch that lies there."""

import statistics
from collections.abc import Mapping
from typing import Any

import torch

from tests.tools.perf.harness import run_suite, suite
from tests.tools.perf.images import image_folder
from tests.tools.perf.measured import Line, Outcome
from tests.tools.perf.setting import Setting, take_turns
from tests.tools.perf.usual import run_textbook, steady_rate

REACH = 0.97
BACKBONE = "resnet50"
PEAKS = {"H200": 989.4e12, "H100": 989.4e12, "A100": 312e12}
"""Dense bf16 operations per second by NVIDIA's data sheets (SXM)."""


def measure(setting: Setting, row: str) -> Outcome:
    """Measure the row where there is a CUDA device."""
    image_size, batch, steps, n_train = setting.sizes((224, 256, 60, 4000), (64, 32, 8, 200))
    work = (
        f"fine-tuning {BACKBONE} at {image_size} px, batch {batch}, {steps} steps, bf16, channels_last, data on the "
        f"device: the record's images/s"
    )
    against = (
        "the bare loop on one resident random batch: bf16, channels_last, fused AdamW, cuDNN's search for the fastest "
        "kernels; batch over the median step"
    )
    if not torch.cuda.is_available():
        return Outcome([Line(row, work, against, REACH, missing="no CUDA device")])
    images = image_folder(setting, n_train, 50)
    train = {"steps": steps, "batch_size": batch, "checkpoints": 1, "augmentation": "none"}
    contents = suite(setting, BACKBONE, ["finetune"], image_size, train, "bf16", device=["cuda"])
    contents["deterministic"] = False

    def harness() -> Mapping[str, Any]:
        return run_suite(setting, contents, images.root).record

    def bare() -> Mapping[str, Any]:
        return run_textbook(
            "synthetic_steps",
            backbone=BACKBONE,
            size=image_size,
            n_classes=images.n_classes,
            batch=batch,
            steps=steps,
            device="cuda",
            precision="bf16",
            optimizer="adamw",
        ).answer

    found = take_turns(setting, row, 3, {"harness": harness, "bare": bare}, lambda each: f"{_rate(each):.0f} images/s")
    ours, theirs = ([_rate(each) for each in found[side]] for side in ("harness", "bare"))
    line = Line(
        row,
        work,
        against,
        REACH,
        [mine / other for mine, other in zip(ours, theirs, strict=True)],
        note=f"{torch.cuda.get_device_name()}: {statistics.median(ours):.0f} against {statistics.median(theirs):.0f} "
        f"images/s; {_utilisation(statistics.median(ours), found['bare'][0])}; not deterministic, on both sides",
    )
    records = [{key: each[key] for key in ("throughput_images_per_s", "step_ms")} for each in found["harness"]]
    return Outcome([line], raw={"harness": records, "bare": found["bare"]})


def _rate(each: Mapping[str, Any]) -> float:
    """Return images per second of a record or of a bare loop."""
    return float(each["throughput_images_per_s"]) if "throughput_images_per_s" in each else steady_rate(each)


def _utilisation(images_per_s: float, bare: Mapping[str, Any]) -> str:
    """Return the model's operations per second over the device's peak: MFU (Chowdhery et al., 2022)."""
    name = torch.cuda.get_device_name()
    peak = next((value for known, value in PEAKS.items() if known in name), None)
    done = images_per_s * bare["flops_per_step"] / bare["batch"]
    if peak is None:
        return f"{done / 1e12:.0f} TFLOP/s; MFU unknown: no peak on record for this device"
    return f"{done / 1e12:.0f} TFLOP/s, MFU {100 * done / peak:.1f} % of {peak / 1e12:.0f} TFLOP/s"
