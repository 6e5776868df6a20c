"""Rows that compete for a recommendation, and which of the test images their cells got right."""

from typing import Any

import numpy as np

from bench.answers.rows.rows import Row, rows_of
from tests.material.examples import a_record

SHARES = {"finetune": 0.9, "lp_ft": 0.898, "linear_probe": 0.8, "knn": 0.6}
RATES = {"finetune": 100.0, "lp_ft": 90.0, "linear_probe": 3000.0, "knn": 3000.0}
LATENCIES = {"finetune": 9.0, "lp_ft": 9.0, "linear_probe": 8.0}


def measured(**changes: Any) -> tuple[Row, ...]:
    """Four methods at two budgets, three seeds each."""
    records = [
        a_record(
            cell_id=f"{method} {labels} {seed}",
            method=method,
            seed=seed,
            n_labels=labels,
            budget=f"{labels} labels",
            accuracy=share + seed / 1000,
            throughput_images_per_s=RATES[method],
            peak_rss_mib=500.0 if method == "knn" else 600.0,
            latency_ms={"1": LATENCIES[method]} if method in LATENCIES else None,
            **changes,
        )
        for method, share in SHARES.items()
        for labels in (50, 500)
        for seed in range(3)
    ]
    return rows_of(records, {})


def right(cell_id: str) -> Any:
    """Which of 500 images a cell got right."""
    method, _, seed = cell_id.split(" ")
    generator = np.random.default_rng(int(seed))
    return np.linspace(0, 1, 500) + generator.normal(0, 0.05, 500) < SHARES[method]
