"""A summary of some records, and what a format of reports makes of it."""

import dataclasses
from pathlib import Path
from typing import Any

from bench.answers.summary import Summary, summarise
from bench.catalog import REPORTS, SECTIONS
from bench.contracts.reports import Section, Table
from bench.records.record import Record
from bench.schema import Training
from tests.material.examples import ENVIRONMENT as A_MACHINE
from tests.material.examples import a_record

ENVIRONMENT = {**A_MACHINE, "packages": {"torch": "2.0", "absent": None}}
MANIFEST: dict[str, Any] = {
    "suite": "example",
    "description": "What is it worth?",
    "command": "bench run example",
    "suite_text": "name: example\n",
    "environments": {"machine": ENVIRONMENT},
}


def records(**changes: Any) -> list[Record]:
    """Two methods at two budgets with three seeds."""
    made = [
        a_record(method=method, budget=budget, n_labels=labels, seed=seed, accuracy=base + seed / 100, **changes)
        for method, base in (("linear_probe", 0.5), ("finetune", 0.6))
        for budget, labels in (("5 per class", 50), ("100 per class", 1000))
        for seed in range(3)
    ]
    return [dataclasses.replace(record, cell_id=f"cell{number}") for number, record in enumerate(made)]


def a_summary(*more: Record, **manifest: Any) -> Summary:
    return summarise([*records(), *more], {**MANIFEST, **manifest})


def render(name: str, summary: Summary, folder: Path) -> str:
    text: str = REPORTS.entry(name).load()(summary, folder)
    return text


UNFINISHED = a_record(cell_id="oom", seed=7, status="oom", accuracy=None, reason="CUDA out of memory")

PROFILED = a_record(
    cell_id="profiled",
    method="mlp_probe",
    profiled_in="profiled",
    accuracy_per_s=0.25,
    latency_ms={"1": 1.25, "64": 20.0},
    anatomy_ms={"data": 0.5, "copy": 0.25, "forward": 3.0, "backward": 6.0, "optimiser": 1.0},
    memory_mib_by_kind={"weights": 1.5, "gradients": 1.0, "optimiser": 2.0, "activations": 12.0},
    forward_gflop=0.0082,
    mfu=0.125,
    bound_by="compute",
)

TRIALS = [
    {"settings": {"learning_rate": rate}, "val_accuracy": value, "share": 1.0, "seconds": 1.0}
    for rate, value in ((0.1, 0.9), (0.2, 0.4), (0.3, 0.6))
]
"""Of a random search over the learning rate; the best lies at the lower end."""


OTHERS: dict[str, Any] = {
    "dataset": "glyphs",
    "dataset_fingerprint": "e" * 64,
    "dataset_params": {"train_images": 62},
    "backbone": "test_vit",
    "weights": "random",
    "weights_fingerprint": "0" * 64,
    "weights_sha256": "b" * 64,
    "method": "mlp_probe",
    "method_settings": {"solver": "gradient"},
    "training": dataclasses.asdict(Training(batch_size=32)),
    "budget": "10 per class",
    "n_labels": 100,
    "device": "cuda",
    "precision": "bf16",
    "threads": 2,
    "image_size": 64,
    "limit": 100,
    "determinism": {"deterministic_algorithms": False},
}


def summary_of(*records: Record, **manifest: Any) -> Summary:
    return summarise([dataclasses.replace(record, cell_id=str(i)) for i, record in enumerate(records)], manifest)


def section_of(name: str, summary: Summary) -> Section:
    """Return a section of the catalogue."""
    found: Section = SECTIONS.entry(name).load()(summary)
    return found


def table_of(name: str, summary: Summary) -> Table:
    """Return the table of a section that has one; no lines where it has nothing to show."""
    tables = section_of(name, summary).tables
    return tables[0].table if tables else ([], [])
