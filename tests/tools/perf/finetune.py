"""`finetune_*` and `timm_loop`: images per second of full fine-tuning, against a tutorial's loop and a bare one."""

import statistics
from collections.abc import Sequence
from typing import Any

from tests.tools.perf.harness import best_precision, run_suite, suite
from tests.tools.perf.images import Folder, image_folder
from tests.tools.perf.measured import Line, Outcome
from tests.tools.perf.setting import Setting, take_turns
from tests.tools.perf.usual import WARMUP, run_textbook, steady_rate

ROWS = {
    "finetune_resnet18": ("resnet18", 2.0),
    "finetune_resnet50": ("resnet50", 2.5),
    "finetune_mobilenetv2": ("mobilenetv2_100", 1.2),
}
"""Backbone and what is to be reached."""
BARE = ("resnet18", "mobilenetv2_100")
BATCH = 64
SGD = {"batch_size": BATCH, "checkpoints": 1, "optimizer": "sgd", "learning_rate": 0.01, "head_learning_rate": 0.01}
"""The optimiser of the other side."""


def measure(setting: Setting, row: str) -> Outcome:
    """Measure a row of `ROWS`."""
    backbone, reach = ROWS[row]
    image_size, steps, n_train = setting.sizes((96, 12, 1000), (32, 6, 200))
    images = image_folder(setting, n_train, 50)
    weights = setting.weights_of(backbone)

    def usual() -> float:
        done = run_textbook(
            "finetune",
            listing=str(images.listing()),
            backbone=backbone,
            weights=str(weights) if weights else None,
            size=image_size,
            n_classes=images.n_classes,
            batch=BATCH,
            steps=steps,
        )
        answers.append(done.answer)
        return steady_rate(done.answer)

    answers: list[Any] = []
    train = {**SGD, "steps": steps, "augmentation": "basic"}
    found, records = _rates(setting, row, backbone, images, image_size, train, best_precision(), usual)
    line = Line(
        row,
        f"full fine-tuning, {backbone} at {image_size} px, batch {BATCH}, {steps} steps, augmentation basic: "
        f"batch over the record's median step",
        f"the textbook loop: fp32 NCHW, the same SGD, DataLoader with 2 workers on the PNG files, RandomResizedCrop "
        f"and flip; batch over the median step, waiting for data included, without the first {WARMUP} steps",
        reach,
        [ours / theirs for ours, theirs in zip(found["harness"], found["usual"], strict=True)],
        note=_note(found, records),
    )
    return Outcome([line], raw={"images_per_s": found, "harness": _raw(records), "usual": answers})


def measure_bare(setting: Setting, row: str) -> Outcome:
    """Measure the row `timm_loop`."""
    lines, raw = [], {}
    for backbone in setting.sizes(BARE, BARE[:1]):
        line, raw[backbone] = _beside_bare(setting, row, backbone)
        lines.append(line)
    return Outcome(lines, raw=raw)


def _beside_bare(setting: Setting, row: str, backbone: str) -> tuple[Line, dict[str, Any]]:
    image_size, steps, n_train = setting.sizes((96, 20, 1700), (32, 6, 200))
    images = image_folder(setting, n_train, 50)

    def bare() -> float:
        done = run_textbook(
            "synthetic_steps",
            backbone=backbone,
            size=image_size,
            n_classes=images.n_classes,
            batch=BATCH,
            steps=steps,
            device="cpu",
            precision="fp32",
            optimizer="sgd",
        )
        answers.append(done.answer)
        return steady_rate(done.answer)

    answers: list[Any] = []
    name = f"{row} {backbone}"
    train = {**SGD, "steps": steps, "augmentation": "none"}
    found, records = _rates(setting, name, backbone, images, image_size, train, "fp32", bare)
    line = Line(
        name,
        f"full fine-tuning with real data, {backbone} at {image_size} px, batch {BATCH}, {steps} steps, fp32, no "
        f"augmentation: batch over the record's median step",
        f"timm's benchmark as a bare loop: one random batch, cross entropy, the same SGD, fp32 NCHW, same threads; "
        f"batch over the median step, without the first {WARMUP}",
        1.0,
        [ours / theirs for ours, theirs in zip(found["harness"], found["usual"], strict=True)],
        note=f"{_note(found, records)}; {_processor(answers, records)}",
    )
    return line, {"images_per_s": found, "harness": _raw(records), "usual": answers}


def _rates(
    setting: Setting,
    name: str,
    backbone: str,
    images: Folder,
    image_size: int,
    train: dict[str, Any],
    precision: str,
    usual: Any,
) -> tuple[dict[str, list[float]], list[Any]]:
    """Return images per second of both sides, and the harness's records."""
    contents = suite(setting, backbone, ["finetune"], image_size, train, precision)
    records: list[Any] = []

    def harness() -> float:
        records.append(run_suite(setting, contents, images.root).record)
        return BATCH / float(records[-1]["step_ms"]["p50"]) * 1000

    sides = {"harness": harness, "usual": usual}
    return take_turns(setting, name, 3, sides, lambda rate: f"{rate:.1f} images/s"), records


def _note(found: dict[str, list[float]], records: Sequence[Any]) -> str:
    ours, theirs = (statistics.median(found[side]) for side in ("harness", "usual"))
    mean = statistics.median(float(record["throughput_images_per_s"]) for record in records)
    return (
        f"{ours:.1f} against {theirs:.1f} images/s by the median step ({mean:.1f} by the published mean); precision "
        f"{records[0]['precision']}"
    )


def _processor(answers: Sequence[Any], records: Sequence[Any]) -> str:
    """Say what both sides took of the processor, which a busy machine changes less than the clock."""
    ours = [float(record["cpu_s_per_1000_images"]) for record in records]
    theirs = [1000 * statistics.mean(answer["step_cpu_s"][WARMUP:]) / BATCH for answer in answers]
    ratio = statistics.median(his / mine for mine, his in zip(ours, theirs, strict=True))
    return (
        f"{statistics.median(ours):.1f} against {statistics.median(theirs):.1f} processor seconds per 1,000 images, "
        f"by which the harness is {ratio:.2f} times as fast"
    )


def _raw(records: Sequence[Any]) -> list[dict[str, Any]]:
    keys = ("throughput_images_per_s", "step_ms", "warmup_steps", "precision", "cpu_s_per_1000_images", "train_s")
    return [{key: record[key] for key in keys} for record in records]
