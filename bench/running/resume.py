"""Which cells of a plan still have to run: all but those with a number from the data and weights that are there now."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bench.backbones.sources import find_weights
from bench.contracts.data import Places
from bench.contracts.networks import WeightsFile
from bench.errors import InvalidData, Unavailable
from bench.pretraining.pretrained import is_own, own_weights
from bench.records.record import Record
from bench.running.pixels import data_fingerprint
from bench.schema import Cell, Choice, Required


@dataclass(frozen=True)
class Asked:
    """What the user wants of a run."""

    places: Places
    rerun: Literal["failed", "all"] | None = None
    alone: bool = False
    """Whether cells share no features: each pays for its own."""
    required: Required = field(default_factory=Required)
    """Hashes that data and weights must have."""


@dataclass(frozen=True)
class Present:
    """Looks up what is there now, once per data set and per weights; nothing is downloaded."""

    data: Callable[[Choice], str | None]
    """Returns the fingerprint of a data set; null where it isn't there."""
    weights: Callable[[Cell], WeightsFile | None]
    """Returns a cell's weights; null where they aren't there."""


def present(places: Places) -> Present:
    """Return what looks up the fingerprints of data and weights."""

    @functools.cache
    def data(label: str) -> str | None:
        return data_fingerprint(choices[label], places)

    @functools.cache
    def weights(backbone: str, name: str, image_size: int) -> WeightsFile | None:
        if is_own(name):
            return own_weights(backbone, name, image_size, places)
        try:
            return find_weights(backbone, name, places, download=False)
        except (Unavailable, InvalidData):
            return None

    # by label, since a choice has a mapping in it and can be no key of a cache
    choices: dict[str, Choice] = {}

    def data_of(choice: Choice) -> str | None:
        choices[choice.label] = choice
        return data(choice.label)

    return Present(data_of, lambda cell: weights(cell.backbone, cell.weights, cell.image_size))


def is_done(cell: Cell, record: Record | None, there: Present) -> bool:
    """Say whether a cell has its number, from the very data and weights that are there now.

    What can't be found now proves nothing: a result is never given up because `--data-dir` was forgotten.
    """
    if record is None or record.status != "ok":
        return False
    if not set(cell.probes) <= set(record.probes):
        return False  # its numbers stand, but one that is asked for now was not measured
    weights, data = there.weights(cell), there.data(cell.dataset)
    if weights is not None and not is_of(record, weights):
        return False
    source = there.data(cell.source) if cell.source else None
    return source in (None, record.source_fingerprint) and data in (None, record.dataset_fingerprint)


def is_of(record: Record, weights: WeightsFile) -> bool:
    """Say whether a record was made from these very weights."""
    # the project's own weights may be trained again by the same recipe with other bits: then the SHA-256 tells
    return record.weights_fingerprint == weights.fingerprint and weights.sha256 in (None, record.weights_sha256)


def remaining(cells: Sequence[Cell], records: Mapping[str, Record], asked: Asked) -> list[Cell]:
    """Return the cells to run. Skipped ones are tried again, failed ones only with `rerun`."""
    if asked.rerun == "all":
        return list(cells)
    there = present(asked.places)

    def wanted(cell: Cell) -> bool:
        record = records.get(cell.cell_id)
        if record is not None and record.status not in ("ok", "skipped"):
            return asked.rerun == "failed"
        return not is_done(cell, record, there)

    return [cell for cell in cells if wanted(cell)]
