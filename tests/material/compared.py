"""Summaries whose rows can be compared: what each cell got right is known, or its seeds were drawn apart."""

import dataclasses
import itertools
from collections.abc import Mapping

import numpy as np

from bench.answers.summary import Summary, summarise
from bench.records.record import Record
from tests.material.answered import Answers
from tests.material.examples import a_cell, a_record

BUDGETS = (10, 50, 250, 1000)
SHARES: Mapping[str, tuple[float, ...]] = {
    "linear_probe": (0.60, 0.75, 0.83, 0.86),
    "finetune": (0.45, 0.72, 0.88, 0.96),
    "scratch": (0.20, 0.40, 0.70, 0.90),
}
"""Of the test images that are right, at each budget: fine-tuning overtakes the probe between 50 and 250 labels."""


def a_run(datasets: tuple[str, ...] = ("digits",), **fields: str) -> tuple[list[Record], dict[str, Answers]]:
    """Three methods at four budgets with four seeds, and which of 500 test images each cell got right."""
    generator = np.random.default_rng(0)
    records, right = [], {}
    for dataset, (method, shares), seed in itertools.product(datasets, SHARES.items(), range(4)):
        for budget, share in zip(BUDGETS, shares, strict=True):
            name = f"{dataset}{method}{budget}{seed}"
            difficulty = np.linspace(0, 1, 500) + generator.normal(0, 0.1, 500)
            right[name] = difficulty < share + generator.normal(0, 0.01)
            made = a_record(cell_id=name, dataset=dataset, method=method, seed=seed, n_labels=budget, **fields)
            part = "features" if method == "linear_probe" else None
            accuracy = float(right[name].mean())
            records.append(dataclasses.replace(made, budget=f"{budget} labels", accuracy=accuracy, frozen_part=part))
    return records, right


def a_summary(datasets: tuple[str, ...] = ("digits",), **fields: str) -> Summary:
    """The summary of such a run, which asks for the labels of 70 %."""
    records, right = a_run(datasets, **fields)
    return summarise(records, {}, right.get, targets=(0.7,))


def apart(repeats: int = 1) -> Summary:
    """Cells whose images and initial weights were drawn apart."""
    draws = itertools.product(range(3), range(2), range(repeats))
    made = [
        a_record(a_cell(subset_seed=subset, init_seed=init, repeat=again), accuracy=0.8 + 0.03 * subset)
        for subset, init, again in draws
    ]
    return summarise(made, {})
