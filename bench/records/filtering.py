"""Chooses among records by `KEY=GLOB[,GLOB]`. Pure."""

import fnmatch
from collections.abc import Callable, Mapping, Sequence

from bench.errors import BenchError
from bench.records.record import Record
from bench.registry import unknown
from bench.schema import Choice

VALUES: Mapping[str, Callable[[Record], tuple[str, ...]]] = {
    "dataset": lambda record: (record.dataset, Choice(record.dataset, record.dataset_params).label),
    "backbone": lambda record: (record.backbone,),
    "weights": lambda record: (record.weights,),
    "method": lambda record: (record.method, Choice(record.method, record.method_params).label),
    "source": lambda record: (record.source or "none",),
    "selection": lambda record: (record.image_selection or "stratified",),
    "budget": lambda record: (record.budget or "", str(record.n_labels)),
    "seed": lambda record: (str(record.seed),),
    "subset_seed": lambda record: (str(record.seeds.subset),),
    "init_seed": lambda record: (str(record.seeds.init),),
    "order_seed": lambda record: (str(record.seeds.order),),
    "repeat": lambda record: (str(record.repeat),),
    "device": lambda record: (record.device,),
    "precision": lambda record: (record.precision,),
}
"""What each key is compared with in a record: a glob needs to fit one of these texts."""


def parse(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the key and the globs of a filter. Raises `BenchError`, for an unknown key with the nearest ones."""
    key, equals, globs = text.partition("=")
    if not equals or not globs:
        raise BenchError(f"--filter {text}: write KEY=GLOB[,GLOB] with a key of {', '.join(VALUES)}")
    if key not in VALUES:
        raise BenchError(f"--filter {text}: {unknown('key', key, VALUES)}")
    return key, tuple(glob.strip() for glob in globs.split(","))


def chosen(records: Mapping[str, Record], filters: Sequence[str]) -> dict[str, Record]:
    """Return the records that fit all filters."""
    rules = [parse(text) for text in filters]
    return {name: record for name, record in records.items() if all(_fits(record, *rule) for rule in rules)}


def _fits(record: Record, key: str, globs: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(value, glob) for value in VALUES[key](record) for glob in globs)
