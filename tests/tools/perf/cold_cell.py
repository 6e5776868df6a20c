"""`cold_cell`: one linear probe from nothing, process start included."""

import statistics

from tests.tools.perf.harness import Run, best_precision, run_suite, suite
from tests.tools.perf.images import image_folder
from tests.tools.perf.measured import Line, Outcome
from tests.tools.perf.setting import Setting, take_turns
from tests.tools.perf.usual import Usual, run_textbook

BACKBONE = "resnet18"
REACH = 5.0
EPOCHS = 200


def measure(setting: Setting, row: str) -> Outcome:
    """Measure the row."""
    n_train, n_test, image_size = setting.sizes((4820, 500, 224), (128, 40, 64))
    images = image_folder(setting, n_train, n_test)
    contents = suite(setting, BACKBONE, ["linear_probe"], image_size, precision=best_precision())
    contents["grid"]["weights"] = ["random"]

    def harness() -> Run | Usual:
        return run_suite(setting, contents, images.root)

    def usual() -> Run | Usual:
        return run_textbook(
            "features_then_head",
            listing=str(images.listing()),
            backbone=BACKBONE,
            size=image_size,
            n_classes=images.n_classes,
            epochs=EPOCHS,
        )

    sides = {"harness": harness, "usual": usual}
    found = take_turns(setting, row, 1, sides, lambda done: f"{done.seconds:.1f} s")
    seconds = {side: [each.seconds for each in found[side]] for side in found}
    record = next(each for each in found["harness"] if isinstance(each, Run)).record
    line = Line(
        row,
        f"one linear_probe cell, {BACKBONE} with random weights, {len(images.train)} training and {len(images.test)} "
        f"test images at {image_size} px, wall time of `bench run` from a cold cache",
        f"as VisBench 0.27 does it, all of it measured: PIL and timm's transform in one process, fp32 extraction in "
        f"batches of 64, {EPOCHS} epochs of AdamW (batch 256) on the features; without writing a cache",
        REACH,
        [theirs / ours for ours, theirs in zip(seconds["harness"], seconds["usual"], strict=True)],
        note=f"{statistics.median(seconds['harness']):.0f} s against {statistics.median(seconds['usual']):.0f} s; "
        f"precision {record['precision']}; the test images may be training images too, since only seconds are compared",
    )
    parts = {key: record[key] for key in ("data_s", "build_s", "features_s", "tune_s", "train_s", "eval_s", "total_s")}
    answers = [each.answer for each in found["usual"] if isinstance(each, Usual)]
    return Outcome([line], raw={"seconds": seconds, "usual": answers, "harness": parts})
