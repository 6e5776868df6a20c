"""What must be equal before two figures may be held against one another. Pure."""

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.errors import BenchError
from bench.gate.quantities import Quantity
from bench.records.record import Record

Environment = Mapping[str, Any]
NOT_COMPUTING = {"transferbench", "pandas", "matplotlib", "huggingface-hub"}
"""Packages whose version changes no figure of a cell; and `transferbench` itself, whose changes are to be judged."""
TIMES, MACHINE, OUTCOMES = {"time"}, {"time", "peak"}, {"time", "peak", "score", "count"}
ALL = OUTCOMES | {"exact"}
MISSING = "missing"
"""No condition, but `--allow` takes it like one: cells that only BASE has."""


@dataclass(frozen=True)
class Condition:
    """One thing that must be equal."""

    name: str
    """What `--allow` takes."""
    needed_by: Collection[str]
    """Kinds of quantities, or their names."""
    read: Callable[[Record], Any]
    """Its value as JSON; null is unknown, and equal to nothing."""


def _recipe(record: Record) -> dict[str, Any]:
    # the batch is a condition of its own: exact figures other than step_gflop do not hang on it
    training = {key: value for key, value in (record.training or {}).items() if key != "batch_size"}
    method = {f"{record.method}.{key}": value for key, value in record.method_settings.items()}
    return {**training, **method, "search": record.search or "none"}


def _weights(record: Record) -> str | None:
    """Return what a cell started from; null of a skipped cell, which never had any."""
    known = record.weights_sha256 or record.weights_fingerprint
    return known[:16] if known else None


def _data(record: Record) -> dict[str, Any] | None:
    if record.dataset_fingerprint is None:
        return None
    source = {} if record.source_fingerprint is None else {"source": record.source_fingerprint[:16]}
    return {"target": record.dataset_fingerprint[:16], "n_labels": record.n_labels, **source}


def _part(record: Record) -> str:
    behind = f" behind {record.frozen_part}" if record.frozen_part and record.throughput_of == "training" else ""
    return f"{record.throughput_of or 'nothing'}{behind}"


def _features(record: Record) -> str:
    """Return whether a cell extracted frozen features itself, which costs time and memory, or found them there."""
    if record.features_s is None or record.features_cold_s is None:
        return "none"
    return "extracted" if record.features_s >= record.features_cold_s else "from the cache"


RECORDED = (
    Condition("data", OUTCOMES, _data),
    Condition("test_images", {"score"}, lambda record: record.test_sha256 and record.test_sha256[:16]),
    Condition("subset", {"score"}, lambda record: record.subset_sha256 and record.subset_sha256[:16]),
    Condition("weights", OUTCOMES, _weights),
    Condition("size", ALL, lambda record: record.image_size),
    Condition("limit", OUTCOMES, lambda record: record.limit or "none"),
    Condition("batch", OUTCOMES | {"step_gflop"}, lambda record: record.batch_size),
    Condition("recipe", ALL, _recipe),
    Condition("validation", {"score"}, lambda record: record.validation or "budget"),
    Condition("protocol", OUTCOMES, lambda record: record.protocol),
    Condition("precision", ALL, lambda record: record.precision),
    Condition("device", OUTCOMES, lambda record: record.device),
    Condition("threads", MACHINE, lambda record: record.threads),
    Condition("cores_held", TIMES, lambda record: len(record.pinned_to) if record.pinned_to else "all"),
    Condition("workers", TIMES, lambda record: record.workers),
    Condition("start_method", MACHINE, lambda record: record.executor),
    Condition("flags", OUTCOMES, lambda record: record.determinism),
    Condition("part", {"throughput", "cpu_time", "step_time"}, _part),
    Condition("features", {"peak", "train_time", "total_time"}, _features),
    Condition("rss_method", {"peak_rss"}, lambda record: record.rss_method),
)
"""What a record says itself. What the code decides (memory format, fused optimiser, the batch that fitted) is no
condition, but part of what is judged."""


def _gpu(environment: Environment, *keys: str) -> Any:
    gpu = environment.get("gpu")
    return {key: gpu.get(key) for key in keys} if gpu else "none"


def _versions(environment: Environment) -> dict[str, Any]:
    packages = {name: each for name, each in environment["packages"].items() if name not in NOT_COMPUTING}
    build = environment.get("torch_build")
    return {**packages, "python": environment["python"], **({"torch_build": build} if build else {})}


_MACHINE: Mapping[str, tuple[Collection[str], Callable[[Environment], Any]]] = {
    "processor": (MACHINE, lambda found: f"{found['processor']}, {found['cores']} cores"),
    "gpu": (MACHINE, lambda found: _gpu(found, "name", "memory_gib")),
    "driver": (TIMES, lambda found: _gpu(found, "driver", "cuda", "cudnn")),
    "versions": (OUTCOMES, _versions),
}
NEEDED_BY: Mapping[str, Collection[str]] = {
    **{condition.name: condition.needed_by for condition in RECORDED},
    **{name: needed_by for name, (needed_by, _) in _MACHINE.items()},
    "timer": TIMES,
}
"""The quantities, by kind or name, that need each condition to be equal; only benchmark files have a `timer`."""
ALLOWED = (*NEEDED_BY, MISSING)
"""All that `--allow` takes."""


def check_allowed(names: Iterable[str]) -> None:
    """Refuse names of what is no condition."""
    for name in names:
        if name not in ALLOWED:
            near = difflib.get_close_matches(name, ALLOWED, n=3)
            meant = f"did you mean {', '.join(near)}?" if near else f"there are {', '.join(ALLOWED)}"
            raise BenchError(f"--allow {name}: no condition; {meant}")


def conditions_of(record: Record, machines: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return all conditions of a record, as JSON; `machines` has those of each environment by its key.

    Where an environment is lost its key stands for it: the key is a hash of all that the environment holds.
    """
    recorded = {condition.name: condition.read(record) for condition in RECORDED}
    machine = machines.get(record.env or "")
    return {**recorded, **(machine or dict.fromkeys(_MACHINE, {"environment": record.env} if record.env else None))}


def machine_conditions(environment: Environment) -> dict[str, Any]:
    """Return the conditions that an environment holds; one that lacks any of them is refused."""
    try:
        return {name: read(environment) for name, (_, read) in _MACHINE.items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise BenchError(f"an environment in a manifest is damaged ({error!r}); run its cells again") from error


@dataclass(frozen=True)
class Mismatch:
    """A condition that two samples don't share."""

    name: str
    base: str
    new: str

    @property
    def text(self) -> str:
        """`threads: 2 against 4`."""
        return f"{self.name}: {self.base} against {self.new}"


def mismatches(
    base: Mapping[str, Any], new: Mapping[str, Any], quantity: Quantity, allowed: Collection[str]
) -> tuple[Mismatch, ...]:
    """Return what must be equal for this quantity, is not, and was not allowed."""
    return tuple(
        each
        for each in differences(base, new)
        if {quantity.kind, quantity.name} & set(NEEDED_BY[each.name]) and each.name not in allowed
    )


def differences(base: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Mismatch, ...]:
    """Return all conditions that differ, whatever they are needed for."""
    return tuple(
        Mismatch(name, *told(base.get(name), new.get(name)))
        for name in NEEDED_BY
        if (name in base or name in new) and not equal(base.get(name), new.get(name))
    )


def equal(base: Any, new: Any) -> bool:
    """Say whether two values of a condition are known and equal."""
    return base is not None and bool(base == new)


def told(base: Any, new: Any) -> tuple[str, str]:
    """Return two values in words; of mappings with keys in common only what differs."""
    if not (isinstance(base, Mapping) and isinstance(new, Mapping) and base.keys() & new.keys()):
        return _word(base), _word(new)
    keys = [key for key in dict.fromkeys([*base, *new]) if base.get(key) != new.get(key)]
    return _parts(base, keys), _parts(new, keys)


def _parts(value: Mapping[str, Any], keys: Iterable[str]) -> str:
    return ", ".join(f"{key} {_word(value.get(key))}" for key in keys)


def _word(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, Mapping):
        return _parts(value, value)
    return str(value)
