"""The figures that can be compared: what they are called, their units, and which way is worse. Pure."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from bench.errors import BenchError
from bench.records.plausible import ANY, NOT_NEGATIVE, SHARE
from bench.records.record import Record

Kind = Literal["score", "time", "peak", "exact", "count"]
"""How a figure varies where nothing changed: a `score` by seed, a `time` by what else the machine does, a `peak`
hardly, an `exact` one never, a `count` not with the same libraries."""

UNITS: Mapping[str, Mapping[str, float]] = {
    "": {"": 1.0},
    "share": {"pp": 0.01},
    "s": {"s": 1.0, "ms": 1e-3, "us": 1e-6},
    "ms": {"s": 1e3, "ms": 1.0, "us": 1e-3},
    "images/s": {"images/s": 1.0},
    "MiB": {"B": 2.0**-20, "KiB": 2.0**-10, "MiB": 1.0, "GiB": 2.0**10},
    "B": {"B": 1.0, "kB": 1e3, "MB": 1e6, "KiB": 2.0**10, "MiB": 2.0**20},
    "GFLOP": {"MFLOP": 1e-3, "GFLOP": 1.0},
}
"""By a figure's own unit: the units that may be written behind a number, each as a multiple of that unit."""


@dataclass(frozen=True)
class Quantity:
    """One figure of a cell or a benchmark."""

    name: str
    kind: Kind
    unit: str
    """A key of `UNITS`."""
    higher_is_better: bool
    field: str | None = None
    """Of a record; null where records don't have it."""
    part: str | None = None
    """Key within that field."""

    @property
    def within(self) -> tuple[float, float]:
        """The least and the largest that it can be; a count of others may be anything."""
        if self.kind == "count":
            return ANY
        return SHARE if self.unit == "share" else NOT_NEGATIVE

    def of(self, record: Record) -> float | None:
        """Return the figure of a record; null where it has none."""
        value = getattr(record, self.field) if self.field else None
        if self.part is not None:
            value = (value or {}).get(self.part)
        return None if value is None else float(value)


def _score(name: str) -> Quantity:
    return Quantity(name, "score", "share", True, name)


QUANTITIES: Mapping[str, Quantity] = {
    each.name: each
    for each in (
        _score("accuracy"),
        _score("top5_accuracy"),
        _score("val_accuracy"),
        _score("macro_f1"),
        _score("worst_class_accuracy"),
        Quantity("throughput", "time", "images/s", True, "throughput_images_per_s"),
        Quantity("step_time", "time", "ms", False, "step_ms", "p50"),
        Quantity("cpu_time", "time", "s", False, "cpu_s_per_1000_images"),
        Quantity("latency", "time", "ms", False, "latency_ms", "1"),
        Quantity("latency_64", "time", "ms", False, "latency_ms", "64"),
        Quantity("train_time", "time", "s", False, "train_s"),
        Quantity("total_time", "time", "s", False, "total_s"),
        Quantity("peak_rss", "peak", "MiB", False, "peak_rss_mib"),
        Quantity("peak_cuda", "peak", "MiB", False, "peak_cuda_allocated_mib"),
        Quantity("peak_cuda_reserved", "peak", "MiB", False, "peak_cuda_reserved_mib"),
        Quantity("trainable_params", "exact", "", False, "trainable_params"),
        Quantity("total_params", "exact", "", False, "total_params"),
        Quantity("checkpoint_bytes", "exact", "B", False, "checkpoint_bytes"),
        Quantity("forward_gflop", "exact", "GFLOP", False, "forward_gflop"),
        Quantity("step_gflop", "exact", "GFLOP", False, "step_gflop"),
        Quantity("min", "time", "s", False),
        Quantity("median", "time", "s", False),
    )
}
"""By name. `min` and `median` are of pytest-benchmark's files."""


def counter(name: str) -> Quantity:
    """Return the quantity of a count in a benchmark file, which is the same whenever the same work is done."""
    return Quantity(name, "count", "", False)


def figures_of(record: Record) -> dict[str, float]:
    """Return all figures that a record has, by name."""
    found = {name: quantity.of(record) for name, quantity in QUANTITIES.items()}
    return {name: value for name, value in found.items() if value is not None}


def quantity(name: str, counters: Iterable[str] = ()) -> Quantity:
    """Return a quantity by its name; a name that neither the catalogue nor the files have is refused."""
    if name in QUANTITIES:
        return QUANTITIES[name]
    counted = sorted(counters)
    if name in counted:
        return counter(name)
    known = [*QUANTITIES, *counted]
    near = difflib.get_close_matches(name, known, n=3)
    raise BenchError(f"metric {name!r}: unknown; " + (f"did you mean {', '.join(near)}?" if near else _all(known)))


def _all(known: Iterable[str]) -> str:
    return f"there are {', '.join(known)}"
