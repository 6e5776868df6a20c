"""Which cells of a plan still have to run: not those whose identity, data and weights are as they were."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.backbones.sources import find_weights
from bench.contracts.data import Places
from bench.contracts.networks import WeightsFile
from bench.errors import InvalidData, Unavailable
from bench.pretraining.pretrained import is_own, own_weights
from bench.records.record import Record
from bench.running.prepare import data_fingerprint
from bench.schema import Cell, Choice


@dataclass(frozen=True)
class Asked:
    """What the user wants of a run."""

    places: Places
    rerun: Literal["failed", "all"] | None = None
    alone: bool = False
    """Whether cells share no features: each pays for its own."""


@dataclass(frozen=True)
class Present:
    """What is there now; looked up once per data set and per weights, nothing is downloaded."""

    data: Callable[[Choice], str | None]
    weights: Callable[[Cell], WeightsFile | None]


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

    choices: dict[str, Choice] = {}

    def data_of(choice: Choice) -> str | None:
        choices[choice.label] = choice
        return data(choice.label)

    return Present(data_of, lambda cell: weights(cell.backbone, cell.weights, cell.image_size))


def is_done(cell: Cell, record: Record | None, there: Present) -> bool:
    """Say whether a cell has its number, from the very data and weights that are there now.

    What is not there now refutes nothing: a result is never given up for data that can't be found.
    """
    if record is None or record.status != "ok":
        return False
    if not set(cell.probes) <= set(record.probes):
        return False  # its numbers stand, but one that is asked for now was not measured
    weights, data = there.weights(cell), there.data(cell.dataset)
    if weights is not None and record.weights_fingerprint != weights.fingerprint:
        return False
    if weights is not None and weights.sha256 not in (None, record.weights_sha256):
        return False  # the project's own weights, trained again with other bits
    source = there.data(cell.source) if cell.source else None
    if source not in (None, record.source_fingerprint):
        return False
    return data in (None, record.dataset_fingerprint)


def remaining(cells: Sequence[Cell], records: Mapping[str, Record], asked: Asked) -> list[Cell]:
    """Return the cells to run. Skipped ones are tried again; failed ones only with `rerun`."""
    if asked.rerun == "all":
        return list(cells)
    there = present(asked.places)

    def wanted(cell: Cell) -> bool:
        record = records.get(cell.cell_id)
        if record is not None and record.status not in ("ok", "skipped"):
            return asked.rerun == "failed"
        return not is_done(cell, record, there)

    return [cell for cell in cells if wanted(cell)]
