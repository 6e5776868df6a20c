"""Records -> rows: cells that differ in nothing but their seed, as means with intervals."""

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.answers.rows.corruptions import (
    corruption_drops,
    corruption_means,
    means_by_corruption,
    strongest_by_corruption,
)
from bench.answers.rows.gpu_states import GpuState, gpu_state_of
from bench.answers.rows.phase_memory import memory_by_phase
from bench.answers.rows.trials import OWN_TRIALS, Tried, tried_of
from bench.records.record import Record
from bench.schema import Choice, Seeds, content_hash
from bench.statistics.intervals import Estimate, mean_interval
from bench.statistics.variance import mean_over


@dataclass(frozen=True)
class Row:
    """Cells that differ in their seed only."""

    dataset: str
    backbone: str
    weights: str
    weights_sha256: str | None
    method: str
    """With its parameters where the suite gives several of one name."""
    source: str | None
    """The labelled source domain, where the method adapts from one."""
    image_selection: str
    budget: str
    n_labels: int
    device: str
    precision: str
    machine: str
    """Processor, cores and GPU; empty where no environment is known."""
    variant: str
    """Hash of all that cells of the row have in common, method and budget aside."""
    seeds: tuple[int, ...]
    cells: Mapping[Seeds, str]
    """The cell of each draw."""
    test_sha256: str | None
    """Of the names of the test images."""
    accuracy: Estimate
    val_accuracy: Estimate | None
    oracle_accuracy: Estimate
    throughput: Estimate | None
    throughput_of: str
    step_ms_p50: Estimate | None
    cpu_s_per_1000_images: Estimate | None
    peak_rss_mib: Estimate
    peak_cuda_allocated_mib: Estimate | None
    total_s: Estimate
    cold_s: Estimate
    """Seconds of a cell that finds no cache."""
    trainable_params: int
    total_params: int
    checkpoint_bytes: int
    frozen_part: str | None
    accuracy_per_s: Estimate | None
    latency_1_ms: float | None
    latency_64_ms: float | None
    forward_gflop: float | None
    mfu: float | None
    bound_by: str | None
    synthetic_ratio: float | None
    anatomy_ms: Mapping[str, float] | None
    memory_mib_by_kind: Mapping[str, float] | None
    tried: Tried | None
    transferability: Mapping[str, float]
    """Means over the seeds; empty where the row's cells made no features of the whole backbone."""
    memory_mib_by_phase: Mapping[str, float] | None
    """By how much each phase raised the peak; together they are the highest peak of all."""
    expected_calibration_error: Estimate | None = None
    negative_log_likelihood: Estimate | None = None
    macro_f1: Estimate | None = None
    worst_class_accuracy: Estimate | None = None
    worst_class: str | None = None
    """The class that fares worst most often."""
    corruption_clean_accuracy: Estimate | None = None
    """On the images that were corrupted, as they are."""
    corruption_accuracy: Estimate | None = None
    """Over all corruptions and strengths."""
    corruption_drop: Estimate | None = None
    """Share of the accuracy on the same images as they are that corruption takes away."""
    corruption_means: Mapping[str, float] = field(default_factory=dict)
    """By corruption, over strengths and seeds."""
    corruption_strongest: Mapping[str, float] = field(default_factory=dict)
    """By corruption, at its strongest."""
    source_accuracy: Estimate | None = None
    """Of the initial weights' own classifier, before the transfer."""
    forgetting: Estimate | None = None
    """How much of that the transfer cost."""
    mfu_reason: str | None = None
    """Why a training has no MFU."""
    bound_by_reason: str | None = None
    flop_reason: str | None = None
    compile_s: Estimate | None = None
    peak_cuda_reserved_mib: Estimate | None = None
    cuda_device_used_mib: Estimate | None = None
    gpu: GpuState | None = None

    @property
    def setting(self) -> str:
        """The method with its initial weights."""
        start = [] if self.method.startswith("scratch") else [self.weights]
        told = [*start, *([f"from {self.source}"] if self.source else [])]
        chosen = "" if self.image_selection == "stratified" else f", {self.image_selection} images"
        return f"{self.method} ({', '.join(told)}){chosen}" if told else f"{self.method}{chosen}"

    @property
    def memory_mib(self) -> float:
        """The peak that matters on the row's device: of the GPU's memory, else of the process."""
        return self.peak_cuda_allocated_mib.mean if self.peak_cuda_allocated_mib else self.peak_rss_mib.mean


def rows_of(records: Sequence[Record], environments: Mapping[str, Mapping[str, Any]]) -> tuple[Row, ...]:
    """Group finished records; the environments tell machines apart."""
    machines = {key: machine_of(environment) for key, environment in environments.items()}
    ambiguous = _ambiguous_methods(records)
    # Two steps, since writing out the settings of each record is slow: reading makes equal settings one object, so
    # that most records are grouped by identity, and settings are written out once for each group.
    finer: dict[tuple[Any, ...], list[Record]] = {}
    for record in records:
        finer.setdefault(_same_objects(record), []).append(record)
    groups: dict[tuple[Any, ...], list[Record]] = {}
    for mine in finer.values():
        groups.setdefault((*row_key(mine[0]), machines.get(mine[0].env or "", "")), []).extend(mine)
    return tuple(_row(group, ambiguous, key[-1]) for key, group in groups.items())


def machine_of(environment: Mapping[str, Any]) -> str:
    """Return what decides how fast a machine is, in words: the seeds of a row ran on one kind of machine."""
    gpu = environment.get("gpu") or {}
    cores = environment.get("cores")
    parts = [environment.get("processor"), f"{cores} cores" if cores else None, gpu.get("name")]
    return ", ".join(str(part) for part in parts if part)


def _ambiguous_methods(records: Sequence[Record]) -> set[str]:
    shapes: dict[str, set[str]] = {}
    for record in records:
        shapes.setdefault(record.method, set()).add(str(sorted(record.method_params.items())))
    return {name for name, found in shapes.items() if len(found) > 1}


ALIKE = (
    *("dataset", "dataset_fingerprint", "backbone", "weights", "weights_fingerprint", "weights_sha256", "method"),
    *("device", "precision", "threads", "image_size", "image_selection", "source", "source_fingerprint", "search"),
    *("deterministic", "limit", "validation", "protocol"),
)
"""What cells of one row have in common."""
ALIKE_INSIDE = ("dataset_params", "method_settings", "training", "source_params", "determinism")
"""The same, of values with parts."""
_alike, _alike_inside = operator.attrgetter(*ALIKE), operator.attrgetter(*ALIKE_INSIDE)


def row_key(record: Record) -> tuple[Any, ...]:
    """Return all that cells of one row have in common, the machine aside."""
    return (*_variant_key(record), record.budget, record.n_labels)


def _variant_key(record: Record) -> tuple[Any, ...]:
    return (*_alike(record), *map(str, _alike_inside(record)), _tried(record))


def _same_objects(record: Record) -> tuple[Any, ...]:
    """Return a finer key that is quickly made: settings that are one object need not be read."""
    return (
        *_alike(record),
        *map(id, _alike_inside(record)),
        id(record.trials),
        record.budget,
        record.n_labels,
        record.env,
    )


def _tried(record: Record) -> str | None:
    """Return the settings that tuning tried, in words: two searches are no sample of one thing."""
    if record.search == OWN_TRIALS:  # as the recipe says, and the same at all budgets: too small ones try nothing
        return OWN_TRIALS
    return str(sorted({str(trial["settings"]) for trial in record.trials})) if record.trials else None


def _row(group: Sequence[Record], ambiguous: set[str], machine: str) -> Row:
    return Row(
        **_what_it_is(group, ambiguous, machine),
        **_accuracies(group),
        **_costs(group),
        **_profile(group),
        **_beyond_accuracy(group),
        **_corruption(group),
        tried=tried_of(group),
        transferability=_mean_scores(group),
    )


def _what_it_is(group: Sequence[Record], ambiguous: set[str], machine: str) -> dict[str, Any]:
    first = group[0]
    return {
        "dataset": Choice(first.dataset, first.dataset_params).label,
        "backbone": first.backbone,
        "weights": first.weights,
        "weights_sha256": first.weights_sha256,
        "method": _method_name(first, ambiguous),
        "source": first.source,
        "image_selection": first.image_selection or "stratified",
        "budget": first.budget or "",
        "n_labels": first.n_labels or 0,
        "device": first.device,
        "precision": first.precision,
        "machine": machine,
        "variant": content_hash([*(str(part) for part in _variant_key(first)), machine])[:8],
        "seeds": tuple(record.seed for record in sorted(group, key=lambda record: record.seeds)),
        "cells": {record.seeds: record.cell_id for record in group},
        "test_sha256": first.test_sha256,
        "frozen_part": first.frozen_part,
    }


def _method_name(record: Record, ambiguous: set[str]) -> str:
    """Return the method, with its parameters where the suite gives several of its name."""
    inside = ", ".join(f"{key}={value}" for key, value in record.method_params.items())
    return f"{record.method}({inside})" if record.method in ambiguous and inside else record.method


def _accuracies(group: Sequence[Record]) -> dict[str, Any]:
    return {
        "accuracy": _sure(group, "accuracy"),
        "val_accuracy": _estimate(group, "val_accuracy"),
        "oracle_accuracy": _sure(group, "oracle_accuracy"),
    }


CUDA_MEMORY = ("peak_cuda_allocated_mib", "peak_cuda_reserved_mib", "cuda_device_used_mib")


def _costs(group: Sequence[Record]) -> dict[str, Any]:
    first = group[0]
    return {
        "throughput": _estimate(_measured_apart(group), "throughput_images_per_s"),
        "throughput_of": first.throughput_of or "",
        "step_ms_p50": _mean([record.step_ms["p50"] for record in group if record.step_ms]),
        "cpu_s_per_1000_images": _estimate(_measured_apart(group), "cpu_s_per_1000_images"),
        "peak_rss_mib": _sure(group, "peak_rss_mib"),
        "compile_s": _estimate(group, "compile_s"),
        **{name: _estimate(group, name) for name in CUDA_MEMORY},
        "gpu": gpu_state_of(group),
        "memory_mib_by_phase": memory_by_phase(group),
        "total_s": _sure(group, "total_s"),
        "cold_s": mean_interval([_cold(record) for record in group]),
        "accuracy_per_s": _estimate(group, "accuracy_per_s"),
        "trainable_params": first.trainable_params or 0,
        "total_params": first.total_params or 0,
        "checkpoint_bytes": first.checkpoint_bytes or 0,
    }


def _profile(group: Sequence[Record]) -> dict[str, Any]:
    """Return what was measured once for cells alike, from whichever cell of the row has it."""
    profiled = next((record for record in group if record.profiled_in), group[0])
    latency = profiled.latency_ms or {}
    copied = (
        *("forward_gflop", "flop_reason", "mfu", "mfu_reason", "bound_by", "bound_by_reason", "synthetic_ratio"),
        *("anatomy_ms", "memory_mib_by_kind"),
    )
    return {
        "latency_1_ms": latency.get("1"),
        "latency_64_ms": latency.get("64"),
        **{name: getattr(profiled, name) for name in copied},
    }


def _beyond_accuracy(group: Sequence[Record]) -> dict[str, Any]:
    return {
        "expected_calibration_error": _estimate(group, "expected_calibration_error"),
        "negative_log_likelihood": _estimate(group, "negative_log_likelihood"),
        "macro_f1": _estimate(group, "macro_f1"),
        "worst_class_accuracy": _estimate(group, "worst_class_accuracy"),
        "worst_class": _most_frequent([record.worst_class for record in group if record.worst_class is not None]),
        "source_accuracy": _estimate(group, "source_accuracy_before"),
        "forgetting": _estimate(group, "forgetting"),
    }


def _corruption(group: Sequence[Record]) -> dict[str, Any]:
    return {
        "corruption_clean_accuracy": _estimate(group, "corruption_clean_accuracy"),
        "corruption_accuracy": _mean(corruption_means(group)),
        "corruption_drop": _mean(corruption_drops(group)),
        "corruption_means": means_by_corruption(group),
        "corruption_strongest": strongest_by_corruption(group),
    }


def _measured_apart(group: Sequence[Record]) -> list[Record]:
    """Leave out cells whose speed is that of an extraction which another cell of the row has told already."""
    # Three seeds that share one extraction are one measurement: as three they stood as 31.6 ± 0 (3).
    told: dict[Any, Record] = {}
    for record in group:
        shared = record.throughput_of == "extraction" and record.throughput_images_per_s is not None
        told.setdefault(record.throughput_images_per_s if shared else record.seeds, record)
    return list(told.values())


def _mean_scores(group: Sequence[Record]) -> dict[str, float]:
    """Return the mean of each score that all cells of a row have."""
    found = [record.transferability or {} for record in group]
    shared = [name for name in found[0] if all(scores.get(name) is not None for scores in found)]
    return {name: sum(scores[name] or 0.0 for scores in found) / len(found) for name in shared}


def _most_frequent(names: Sequence[str]) -> str | None:
    """Return the name that is met most often, of equals the first."""
    return max(dict.fromkeys(names), key=names.count, default=None)


def _cold(record: Record) -> float:
    return (record.total_s or 0.0) - (record.features_s or 0.0) + (record.features_cold_s or 0.0)


def _mean(values: Sequence[float]) -> Estimate | None:
    return mean_interval(values) if values else None


_SEEDS_APART = operator.attrgetter("subset_seed", "init_seed", "order_seed", "repeat")


def _estimate(group: Sequence[Record], name: str) -> Estimate | None:
    there = [record for record in group if getattr(record, name) is not None]
    values = [getattr(record, name) for record in there]
    # Seeds that varied apart are crossed: two cells that share their images are no independent pair.
    if any(_SEEDS_APART(record) != (None, None, None, 0) for record in there):
        return mean_over([record.seeds for record in there], values)
    return _mean(values)


def _sure(group: Sequence[Record], name: str) -> Estimate:
    found = _estimate(group, name)
    assert found is not None, f"finished records without {name}"
    return found
