"""Cells of one row that were also tested on corrupted images."""

from bench.records.record import Record
from tests.material.examples import a_record


def corrupted(seed: int, clean: float, **levels: list[float]) -> Record:
    return a_record(
        cell_id=str(seed),
        seed=seed,
        corruption_accuracy=levels,
        corruption_clean_accuracy=clean,
        expected_calibration_error=0.05,
        negative_log_likelihood=0.3,
        macro_f1=0.88,
        worst_class="8" if seed else "3",
        worst_class_accuracy=0.7,
        source_accuracy_before=0.9,
        forgetting=0.25,
    )


GROUP = [
    corrupted(0, 0.8, noise=[0.8, 0.6, 0.4, 0.2, 0.0], jpeg=[0.8] * 5),
    corrupted(1, 1.0, noise=[1.0, 0.8, 0.6, 0.4, 0.2], jpeg=[1.0] * 5),
    corrupted(2, 1.0, noise=[1.0, 0.8, 0.6, 0.4, 0.2], jpeg=[1.0] * 5),
]
