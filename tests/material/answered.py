"""Rows whose cells got known shares of their test images right."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from bench.answers.rows.rows import Row, rows_of
from bench.records.record import Record
from tests.material.examples import a_record

Answers = npt.NDArray[np.bool_]
IMAGES = 400


def answers(share: float, seed: int) -> Answers:
    """Which of the test images are right: the easy ones first, some by luck."""
    generator = np.random.default_rng(seed)
    difficulty = np.linspace(0, 1, IMAGES)
    found: Answers = difficulty + generator.normal(0, 0.1, IMAGES) < share
    return found


def rows(shares: Mapping[tuple[str, int], float], seeds: int = 4) -> tuple[tuple[Row, ...], dict[str, Answers]]:
    """Return rows of methods and budgets whose models get about such shares right, and what each cell got right."""
    records: list[Record] = []
    right: dict[str, Answers] = {}
    for (method, labels), share in shares.items():
        for seed in range(seeds):
            name = f"{method}{labels}{seed}"
            right[name] = answers(share, seed + (0 if method == "finetune" else 100))
            accuracy = float(right[name].mean())
            records.append(
                a_record(
                    cell_id=name,
                    method=method,
                    seed=seed,
                    n_labels=labels,
                    budget=f"{labels} labels",
                    accuracy=accuracy,
                )
            )
    return rows_of(records, {}), right
