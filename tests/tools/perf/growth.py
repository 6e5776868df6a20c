"""`growth`: what more images and more cells cost. Tables of figures, with two limits."""

import statistics
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bench.backbones.sources import source_of
from bench.contracts.data import Places
from bench.data.transforms import Geometry
from bench.running.pixels import DataRequest, prepare_data
from bench.schema import Choice
from tests.tools.perf.harness import run_suite, suite
from tests.tools.perf.images import image_folder
from tests.tools.perf.many_cells import digits_suite
from tests.tools.perf.measured import Outcome, Table
from tests.tools.perf.setting import Setting, take_turns
from tests.tools.perf.usual import run_textbook

BACKBONE = "mobilenetv2_100"
BATCH = 128
"""Of the extraction."""
RATE_REACH = 0.9
MEMORY_LIMIT = 1.1
"""Peak memory over that of one cell."""


@dataclass(frozen=True)
class Point:
    """One round at one number of images; the rest is null on the bare side."""

    images_per_s: float
    decode_s: float | None = None


def measure(setting: Setting, row: str) -> Outcome:
    """Measure the row."""
    image_size, counts = setting.sizes((96, (500, 1000, 2000, 4000)), (32, (200,)))
    points = {count: _images(setting, row, image_size, count) for count in counts}
    cells = _cells(setting, row)
    raw = {
        "images": {
            count: {side: [asdict(one) for one in turns] for side, turns in found.items()}
            for count, found in points.items()
        },
        "cells": cells,
    }
    return Outcome([], [_image_table(setting, image_size, points), _cell_table(setting, cells)], raw)


def _images(setting: Setting, row: str, image_size: int, count: int) -> dict[str, list[Point]]:
    images = image_folder(setting, count, 40)
    weights = setting.weights_of(BACKBONE)
    contents = suite(setting, BACKBONE, ["linear_probe"], image_size)
    geometry = Geometry.of(source_of(BACKBONE).build(BACKBONE, None, image_size).input, image_size)

    def harness() -> Point:
        cache = setting.folder("cache")
        places = Places(images.root, setting.weights_dir, cache / "transferbench")
        began = time.perf_counter()
        prepare_data(DataRequest(Choice("image_folder"), geometry, None, places), lambda what, done, total: None)
        decode_s = time.perf_counter() - began
        record = run_suite(setting, contents, images.root, cache).record
        return Point(record["throughput_images_per_s"], decode_s)

    def bare() -> Point:
        done = run_textbook(
            "forward_only",
            backbone=BACKBONE,
            weights=str(weights) if weights else None,
            size=image_size,
            batch=BATCH,
            batches=-(-count // BATCH),
        )
        return Point(BATCH * len(done.answer["step_s"]) / sum(done.answer["step_s"]))

    sides = {"harness": harness, "bare": bare}
    return take_turns(setting, f"{row}, {count} images", 2, sides, lambda point: f"{point.images_per_s:.1f} images/s")


def _image_table(setting: Setting, image_size: int, points: Mapping[int, Mapping[str, list[Point]]]) -> Table:
    rows = []
    for count, found in points.items():
        decode_s = statistics.median(point.decode_s or 0.0 for point in found["harness"])
        ours, theirs = (statistics.median(point.images_per_s for point in found[side]) for side in ("harness", "bare"))
        pairs = zip(found["harness"], found["bare"], strict=True)
        ratios = [mine.images_per_s / other.images_per_s for mine, other in pairs]
        ratio = statistics.median(ratios)
        rows.append(
            [
                f"{count}",
                f"{decode_s:.2f}",
                f"{1000 * decode_s / count:.2f}",
                f"{ours:.1f}",
                f"{theirs:.1f}",
                f"{ratio:.3f} ({min(ratios):.3f} to {max(ratios):.3f})",
                _verdict(setting, ratio >= RATE_REACH),
            ]
        )
    columns = [
        "training images",
        "preparing the images, s",
        "ms each",
        "extraction as recorded, images/s",
        "bare forward, images/s",
        "extraction over bare",
        f"reach {RATE_REACH}",
    ]
    title = (
        f"Growth with images: {BACKBONE} at {image_size} px, fp32, medians; the bare forward takes one resident batch "
        f"of {BATCH}, channels_last, after a warm-up"
    )
    return Table(title, columns, rows)


def _cells(setting: Setting, row: str) -> list[dict[str, Any]]:
    counts = setting.sizes((1, 10, 100), (1, 3))

    def run(count: int) -> dict[str, Any]:
        done = run_suite(setting, digits_suite(setting, [5], range(count)), watch=True)
        return {"cells": count, "seconds": done.seconds, "peak_mib": done.peak_mib}

    sides = {f"{count} cells": lambda count=count: run(count) for count in counts}
    found = take_turns(setting, row, 2, sides, lambda one: f"{one['seconds']:.1f} s")
    return [one for turns in found.values() for one in turns]


def _cell_table(setting: Setting, cells: list[dict[str, Any]]) -> Table:
    rows, first = [], None
    for count in sorted({one["cells"] for one in cells}):
        mine = [one for one in cells if one["cells"] == count]
        seconds = statistics.median(one["seconds"] for one in mine)
        peaks = [one["peak_mib"] for one in mine if one["peak_mib"] is not None]
        peak = statistics.median(peaks) if peaks else None
        first = first or peak
        memory = "not measured: no /proc" if peak is None else f"{peak:.0f}"
        held = "not measured" if peak is None else _verdict(setting, peak <= MEMORY_LIMIT * (first or peak))
        rows.append([f"{count}", f"{seconds:.1f}", f"{seconds / count:.2f}", memory, held])
    columns = [
        "cells",
        "wall, s",
        "s per cell",
        "highest resident memory of the parent process, MiB",
        f"at most {MEMORY_LIMIT} of one cell's",
    ]
    title = "Growth with cells: digits, test_resnet with random weights of each seed, linear_probe, cold cache, medians"
    return Table(title, columns, rows)


def _verdict(setting: Setting, held: bool) -> str:
    if setting.quick:
        return "no verdict"
    return "reached" if held else "not reached"
