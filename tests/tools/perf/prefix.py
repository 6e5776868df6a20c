"""`prefix`: partial fine-tuning with the frozen stages' outputs cached, against computing them at every step."""

import statistics
from collections.abc import Mapping
from typing import Any

from tests.tools.perf.harness import accepts, run_suite, suite
from tests.tools.perf.images import image_folder
from tests.tools.perf.measured import Claim, Line, Outcome
from tests.tools.perf.setting import Setting, take_turns

BACKBONE = "mobilenetv2_100"
REACH = 2.0


def measure(setting: Setting, row: str) -> Outcome:
    """Measure the row."""
    image_size, n_train, n_test, steps = setting.sizes((96, 1000, 200, 100), (32, 200, 40, 6))
    train = {"steps": steps, "batch_size": 64, "checkpoints": 1, "augmentation": "none"}
    work = (
        f"partial_finetune (stages 1) with prefix: cached, {BACKBONE} at {image_size} px, {n_train} training images, "
        f"{steps} steps of 64, no augmentation: train_s + features_s of the record, cold cache"
    )
    against = "the same cell with prefix: inline"
    suites = {
        side: suite(setting, BACKBONE, [{"name": "partial_finetune", "stages": 1, "prefix": side}], image_size, train)
        for side in ("cached", "inline")
    }
    if not all(accepts(contents) for contents in suites.values()):
        return Outcome([Line(row, work, against, REACH, missing="partial_finetune takes no parameter prefix")])
    images = image_folder(setting, n_train, n_test)

    def run(side: str) -> Mapping[str, Any]:
        return run_suite(setting, suites[side], images.root).record

    sides = {"cached": lambda: run("cached"), "inline": lambda: run("inline")}
    found = take_turns(setting, row, 3, sides, lambda record: f"{paid_s(record):.2f} s")
    ratios = [paid_s(inline) / paid_s(cached) for cached, inline in zip(found["cached"], found["inline"], strict=True)]
    gaps = [abs(one["accuracy"] - two["accuracy"]) for one, two in zip(found["cached"], found["inline"], strict=True)]
    seconds = {side: statistics.median(paid_s(record) for record in found[side]) for side in found}
    whole = {side: statistics.median(record["total_s"] for record in found[side]) for side in found}
    agree = "the accuracies agree" if max(gaps) == 0 else f"the accuracies differ by up to {100 * max(gaps):.2f} points"
    line = Line(
        row,
        work,
        against,
        REACH,
        ratios,
        Claim(agree, max(gaps) <= 0.01),
        f"{seconds['cached']:.1f} against {seconds['inline']:.1f} s; total_s {whole['cached']:.1f} against "
        f"{whole['inline']:.1f} s; precision {found['cached'][0]['precision']}",
    )
    keys = ("train_s", "features_s", "features_cold_s", "eval_s", "total_s", "accuracy", "val_accuracy", "step_ms")
    raw = {side: [{key: record[key] for key in keys} for record in records] for side, records in found.items()}
    return Outcome([line], raw=raw)


def paid_s(record: Mapping[str, Any]) -> float:
    """Return the seconds of training and of the features that it needed."""
    return float(record["train_s"] + (record["features_s"] or 0.0))
