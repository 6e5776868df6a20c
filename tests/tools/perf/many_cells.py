"""`cells60`: many small cells in one run, against a fresh process for each."""

import statistics
from collections.abc import Sequence

from tests.tools.perf.harness import Suite, forget_features, run_suite, suite
from tests.tools.perf.measured import Line, Outcome
from tests.tools.perf.setting import Setting, take_turns, tell

REACH = 5.0
BUDGETS = (1, 2, 5, 10, 20)
IMAGE_SIZE = 32
EVERY = 10
"""One of so many cells runs on the usual side."""


def digits_suite(setting: Setting, budgets: Sequence[int], seeds: Sequence[int]) -> Suite:
    """Return a suite of tiny cells, one for each label budget and seed."""
    return suite(
        setting,
        "test_resnet",
        ["linear_probe"],
        IMAGE_SIZE,
        dataset="digits",
        labels_per_class=budgets,
        seed=seeds,
    )


def measure(setting: Setting, row: str) -> Outcome:
    """Measure the row."""
    budgets, n_seeds = setting.sizes((BUDGETS, 12), (BUDGETS[:2], 5))
    contents = digits_suite(setting, budgets, range(n_seeds))
    cells = [(budget, seed) for budget in budgets for seed in range(n_seeds)]
    chosen = cells if setting.full else cells[::EVERY]
    warm = setting.folder("warm")
    run_suite(setting, digits_suite(setting, budgets[:1], [n_seeds]), cache=warm)
    parts: list[list[float]] = []

    def alone(budget: int, seed: int) -> float:
        forget_features(warm)
        filters = ["--filter", f"labels_per_class={budget}", "--filter", f"seed={seed}", "--executor", "inline"]
        seconds = run_suite(setting, contents, cache=warm, arguments=filters).seconds
        tell(f"{row}: usual, {budget} per class seed {seed}: {seconds:.1f} s")
        return seconds

    def usual() -> float:
        parts.append([alone(*cell) for cell in chosen])
        return sum(parts[-1]) * len(cells) / len(chosen)

    sides = {"harness": lambda: run_suite(setting, contents).seconds, "usual": usual}
    seconds = take_turns(setting, row, 1, sides, lambda seconds: f"{seconds:.1f} s")
    scaled = (
        "all of them measured"
        if len(chosen) == len(cells)
        else f"scaled up: {len(chosen)} of them ran, times {len(cells) / len(chosen):g}"
    )
    line = Line(
        row,
        f"{len(cells)} cells (digits, test_resnet with random weights, linear_probe, {len(budgets)} budgets x "
        f"{n_seeds} seeds), wall time of `bench run` from a cold cache",
        f"a fresh process for each cell (`bench run --filter ... --executor inline`, its own folder), the images "
        f"decoded already, the features its own; {scaled}",
        REACH,
        [theirs / ours for ours, theirs in zip(seconds["harness"], seconds["usual"], strict=True)],
        note=f"{statistics.median(seconds['harness']):.0f} s against {statistics.median(seconds['usual']):.0f} s",
    )
    return Outcome([line], raw={"seconds": seconds, "usual_processes_s": parts})
