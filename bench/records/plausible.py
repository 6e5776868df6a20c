"""What no cell can have measured: a share above one, seconds below none, what is no number. Pure.

Such a figure tells of a fault where it was measured. It is left out and named: neither shown nor averaged with others.
"""

import dataclasses
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bench.records.record import Record

Range = tuple[float, float]
LARGEST = 1e100
"""No figure is larger: what is would break sums and squares, and was never measured."""
SHARE: Range = (0.0, 1.0)
DIFFERENCE: Range = (-1.0, 1.0)
"""Of two shares."""
NOT_NEGATIVE: Range = (0.0, LARGEST)
BRIER: Range = (0.0, 2.0)
ANY: Range = (-LARGEST, LARGEST)
WORDS: Mapping[Range, str] = {
    SHARE: "no share: 0 to 1",
    DIFFERENCE: "no difference of shares: -1 to 1",
    BRIER: "no Brier score: 0 to 2",
    NOT_NEGATIVE: "below nothing, or no number",
    ANY: "no number",
}

RANGES: Mapping[str, Range] = {
    **dict.fromkeys(
        (
            *("accuracy", "top5_accuracy", "val_accuracy", "oracle_accuracy", "macro_f1", "worst_class_accuracy"),
            *("expected_calibration_error", "corruption_accuracy", "corruption_clean_accuracy", "per_class_accuracy"),
            *("source_accuracy_before", "source_accuracy_after", "mfu", "trials"),
        ),
        SHARE,
    ),
    "forgetting": DIFFERENCE,
    "val_loss": BRIER,
    **dict.fromkeys(
        (
            *("n_labels", "n_train", "n_val", "n_test", "n_classes", "n_source", "n_corrupted", "n_source_test"),
            *("steps_done", "batch_effective", "trainable_params", "total_params", "checkpoint_bytes"),
            *("throughput_images_per_s", "step_ms", "cpu_s_per_1000_images", "anatomy_ms", "synthetic_ratio"),
            *("memory_mib_by_kind", "forward_gflop", "step_gflop", "peak_gflop_per_s", "latency_ms"),
            *("warmup_s", "data_s", "build_s", "select_s", "features_s", "features_cold_s", "tune_s", "train_s"),
            *("eval_s", "oracle_s", "total_s", "cpu_s", "cpu_s_by_phase", "compile_s", "corruptions_s", "forgetting_s"),
            *("peak_rss_mib", "peak_rss_mib_by_phase", "baseline_rss_mib", "peak_cuda_allocated_mib"),
            *("peak_cuda_reserved_mib", "cuda_device_used_mib", "peak_cuda_mib_by_phase", "negative_log_likelihood"),
            "n_held_out",
        ),
        NOT_NEGATIVE,
    ),
    **dict.fromkeys(("accuracy_per_s", "transferability", "initial_loss", "final_loss"), ANY),
}
"""By field of the record; of a field with parts each part."""
NEEDED = ("accuracy", "oracle_accuracy", "peak_rss_mib", "total_s")
"""A cell without one of these has no row."""
DECISIVE = (
    *NEEDED,
    *("n_labels", "trainable_params", "total_params", "checkpoint_bytes", "features_s", "features_cold_s", "tune_s"),
)
"""Where one of these can't be, the cell counts as failed: a row is made of the first four, and takes the others for 0
where they are null."""
_values = operator.attrgetter(*RANGES)
NAMED = 3
"""Cells that a sentence names."""


def plausible(records: Sequence[Record]) -> tuple[tuple[Record, ...], tuple[str, ...]]:
    """Return the records without what can't be, and a sentence for each field that had some of it.

    A cell whose accuracy, labels, memory or time is among that counts as failed: nothing of it can be relied upon.
    """
    kept: list[Record] = []
    found: dict[str, list[tuple[str, Record]]] = {}
    for record in records:
        wrong = wrong_in(record)
        for name, said in wrong.items():
            found.setdefault(name, []).append((said, record))
        kept.append(without(record, wrong) if wrong else record)
    return tuple(kept), tuple(_sentence(name, those) for name, those in found.items())


def told(wrong: Mapping[str, Mapping[str, str]], records: Iterable[Record]) -> tuple[str, ...]:
    """Return a sentence for each field of which `wrong` has something that was left out, given by the cell's id."""
    found: dict[str, list[tuple[str, Record]]] = {}
    for record in records:
        for name, said in wrong.get(record.cell_id, {}).items():
            found.setdefault(name, []).append((said, record))
    return tuple(_sentence(name, those) for name, those in found.items())


def wrong_in(record: Record) -> dict[str, str]:
    """Return what is wrong with each figure of a record that can't be."""
    return dict(_wrong(record))


def _wrong(record: Record) -> Iterator[tuple[str, str]]:
    """Yield each field whose figure can't be, with what is wrong."""
    for (name, within), value in zip(RANGES.items(), _values(record), strict=True):
        if value is None:
            if name in NEEDED and record.status == "ok":
                yield name, "missing"
            continue
        # most are a number within its range: asked first, since large runs have millions of them
        if type(value) in (float, int) and within[0] <= value <= within[1]:
            continue
        bad = next((each for each in _parts(name, value) if not _fits(each, within)), None)
        if bad is not None:
            yield name, f"{bad!r:.40} is {WORDS[within]}"
    if has_negative_cold(record):
        yield "features_s", f"{record.features_s!r} is more than the {record.total_s!r} of the whole cell"


def _parts(name: str, value: Any) -> Iterator[Any]:
    """Yield the figures of a field, of what is tried the accuracies; a null among them is none."""
    if name == "trials":
        yield from (trial["val_accuracy"] for trial in value if trial.get("val_accuracy") is not None)
    elif isinstance(value, Mapping):
        yield from _inside(name, value.values())
    elif isinstance(value, list | tuple):
        yield from _inside(name, value)
    else:
        yield value


def _inside(name: str, values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        if value is not None:
            yield from _parts(name, value)


def _fits(value: Any, within: Range) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and within[0] <= value <= within[1]


def has_negative_cold(record: Record) -> bool:
    """Say whether a cell would have taken less than no time from a cold cache."""
    parts = (record.total_s, record.features_s, record.features_cold_s)
    if not all(_fits(each, NOT_NEGATIVE) for each in parts if each is not None):
        return False  # said already
    total, paid, cold = (each or 0.0 for each in parts)
    return total - paid + cold < 0


def without(record: Record, wrong: Mapping[str, str]) -> Record:
    """Return a record with null in place of what can't be; failed where that decides on its row."""
    gone: dict[str, Any] = dict.fromkeys(wrong)
    if "baseline_rss_mib" in wrong:
        gone["peak_rss_mib_by_phase"] = None  # without the process's own share the phases would be charged with it
    lost = [name for name in wrong if name in DECISIVE]
    if lost and record.status == "ok":
        gone |= {"status": "failed", "reason": f"not reliable: {lost[0]}: {wrong[lost[0]]}; run it again"}
    return dataclasses.replace(record, **gone)


def _sentence(name: str, those: Sequence[tuple[str, Record]]) -> str:
    """`mfu is not reliable in 2 cells and left out there: 1.3 is no share: 0 to 1 (...)`."""
    cells = "1 cell" if len(those) == 1 else f"{len(those)} cells"
    named = "; ".join(record.label for _, record in those[:NAMED])
    more = f" and {len(those) - NAMED} more" if len(those) > NAMED else ""
    return f"{name} is not reliable in {cells} and left out there: {those[0][0]} ({named}{more})."
