"""`curve`: a label-budget curve of frozen methods, whole wall time."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bench.data.splits import split_budget
from bench.schema import Budget
from bench.seeding import derive
from tests.tools.perf.harness import Run, best_precision, run_suite, suite
from tests.tools.perf.images import Folder, image_folder
from tests.tools.perf.measured import Claim, Line, Outcome
from tests.tools.perf.setting import Setting, take_turns, tell
from tests.tools.perf.usual import run_textbook

BACKBONE = "mobilenetv2_100"
METHODS = ("linear_probe", "mlp_probe")
REACH = 40.0


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    train: int
    test: int
    image_size: int
    fractions: tuple[float, ...]
    seeds: tuple[int, ...]
    epochs: int


WHOLE = Sizes(4000, 1000, 96, (0.01, 0.05, 0.25, 1.0), (0, 1, 2), 10)
QUICK = Sizes(200, 40, 32, (0.5,), (0,), 3)


@dataclass(frozen=True)
class TextbookCell:
    """One cell of the usual way."""

    method: str
    budget: str
    seed: int
    process_s: float
    """As it ran."""
    epoch_s: Sequence[float]
    accuracy: float
    """After the epochs that ran."""
    whole_s: float
    """With all epochs; those that did not run are taken to last as long as the last one that did."""


def measure(setting: Setting, row: str) -> Outcome:
    """Measure the row."""
    sizes = setting.sizes(WHOLE, QUICK)
    images = image_folder(setting, sizes.train, sizes.test)
    contents = suite(
        setting,
        BACKBONE,
        METHODS,
        sizes.image_size,
        precision=best_precision(),
        fraction=sizes.fractions,
        seed=sizes.seeds,
    )
    usual: list[list[TextbookCell]] = []

    def harness() -> float:
        runs.append(run_suite(setting, contents, images.root, arguments=("--workers", "auto")))
        return runs[-1].seconds

    def textbook() -> float:
        seeds = sizes.seeds if setting.full else sizes.seeds[:1]
        usual.append([cell for seed in seeds for cell in _textbook(setting, sizes, images, seed)])
        return sum(cell.whole_s for cell in usual[-1]) * len(sizes.seeds) / len(seeds)

    runs: list[Run] = []
    sides = {"harness": harness, "usual": textbook}
    seconds = take_turns(setting, row, 1, sides, lambda seconds: f"{seconds:.1f} s")
    ratios = [theirs / ours for ours, theirs in zip(seconds["harness"], seconds["usual"], strict=True)]
    cells = len(METHODS) * len(sizes.fractions) * len(sizes.seeds)
    line = Line(
        row,
        f"label-budget curve of {' and '.join(METHODS)}: {cells} cells, {BACKBONE}, {len(images.train)} training and "
        f"{len(images.test)} test images at {sizes.image_size} px, default recipes, no trials of rates, wall time of "
        f"`bench run --workers auto` from a cold cache",
        f"a process for each cell: PIL and torchvision transforms redone each epoch, frozen trunk in the loop, fp32, "
        f"Adam, batch 64, {sizes.epochs} epochs{_scaled(setting, sizes)}",
        REACH,
        ratios,
        _claim(setting, runs[-1], usual[-1]),
        f"{statistics.median(seconds['harness']):.0f} s against {statistics.median(seconds['usual']):.0f} s; "
        f"precision {runs[-1].records[0]['precision']}, {runs[-1].records[0]['workers']} cells side by side",
    )
    raw = {
        "seconds": seconds,
        "usual_cells": [[asdict(cell) for cell in cells] for cells in usual],
        "harness_cells": [[_short(record) for record in run.records] for run in runs],
    }
    return Outcome([line], raw=raw)


def _textbook(setting: Setting, sizes: Sizes, images: Folder, seed: int) -> list[TextbookCell]:
    weights, listing = setting.weights_of(BACKBONE), images.listing()
    labels = np.array([label for _, label in images.train], np.int64)
    cells = []
    for method in METHODS:
        for fraction in sizes.fractions:
            budget = Budget("fraction", fraction)
            index = split_budget(labels, images.n_classes, budget, derive("subset", "image_folder", seed)).all
            epochs = sizes.epochs if setting.full else _timed_epochs(fraction)
            done = run_textbook(
                "frozen_head",
                listing=str(listing),
                index=index.tolist(),
                backbone=BACKBONE,
                weights=str(weights) if weights else None,
                method=method,
                size=sizes.image_size,
                n_classes=images.n_classes,
                epochs=epochs,
                seed=seed,
            )
            epoch_s = done.answer["epoch_s"]
            whole_s = done.seconds + (sizes.epochs - epochs) * epoch_s[-1]
            cells.append(
                TextbookCell(method, budget.label, seed, done.seconds, epoch_s, float(done.answer["accuracy"]), whole_s)
            )
            tell(f"curve: usual {method} {budget.label} seed {seed}: {done.seconds:.1f} s, {epochs} epochs")
    return cells


def _timed_epochs(fraction: float) -> int:
    """One of the large epochs; two of the small ones, since the first holds the warm-up."""
    return 1 if fraction >= 1 else 2


def _scaled(setting: Setting, sizes: Sizes) -> str:
    if setting.full:
        return "; all of it measured"
    return (
        f"; scaled up: seed {sizes.seeds[0]} alone ran, times {len(sizes.seeds)}; of its epochs one ran (two below "
        f"100 %), the others are taken to last as long as the last of these"
    )


def _claim(setting: Setting, run: Run, usual: Sequence[TextbookCell]) -> Claim:
    if not setting.full:
        return Claim("accuracy not measured: needs --full", None)
    if setting.data_dir is None or setting.weights_of(BACKBONE) is None:
        return Claim("accuracy not measured: needs --data-dir and --weights-dir", None)
    ours = {(record["method"], record["budget"], record["seed"]): record["accuracy"] for record in run.records}
    gains = [100 * (ours[cell.method, cell.budget, cell.seed] - cell.accuracy) for cell in usual]
    mine, theirs = statistics.mean(ours.values()), statistics.mean(cell.accuracy for cell in usual)
    higher = sum(gain >= 0 for gain in gains)
    text = (
        f"mean accuracy {100 * mine:.1f} % against {100 * theirs:.1f} %, no lower in {higher} of {len(gains)} cells, "
        f"by {min(gains):+.1f} to {max(gains):+.1f} points"
    )
    return Claim(text, mine >= theirs)


def _short(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: record[key] for key in ("method", "budget", "seed", "accuracy", "total_s", "precision")}
