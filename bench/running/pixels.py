"""Jobs that make a data set ready before cells run: found, decoded once, searched for duplicates."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from bench.catalog import DATASETS
from bench.contracts.data import Places, Progress, RawData, Split
from bench.data.decode import Decoded, decode
from bench.data.duplicates import Duplicates, find_duplicates
from bench.data.holding_out import part
from bench.data.own_validation import with_own_validation
from bench.data.splits import limited
from bench.data.transforms import Geometry
from bench.schema import Choice, Validation
from bench.suites.choices import fingerprint_of, make


@dataclass(frozen=True)
class DataRequest:
    """A data set at one geometry."""

    dataset: Choice
    geometry: Geometry
    limit: int | None
    places: Places
    validation: Validation = "budget"


@dataclass(frozen=True)
class ReadyData:
    """A decoded data set that lies on this machine."""

    decoded: Decoded
    fingerprint: str
    license: str | None
    notes: tuple[str, ...]
    class_counts: dict[str, int]
    train_images: int
    """Those that label budgets are taken from."""
    test_images: int
    duplicates: Duplicates
    own_validation: int = 0
    """Images that the user brought to select on; decoded behind the training images."""


def data_fingerprint(dataset: Choice, places: Places) -> str | None:
    """Return the hash of a data set's contents; null where it isn't there yet."""
    return fingerprint_of(dataset, places)


def prepare_data(request: DataRequest, progress: Progress) -> ReadyData:
    """Find or download a data set and decode it; raise `Unavailable` or `InvalidData`."""
    dataset = make(DATASETS, request.dataset)
    parts = _limit(dataset.load(request.places), request.limit)
    own = request.validation == "own"
    raw = with_own_validation(request.dataset.label, parts) if own else parts
    fingerprint = fingerprint_of(request.dataset, request.places)  # after loading, which may have downloaded the data
    assert fingerprint is not None, "a data set that was loaded has a fingerprint"
    key = fingerprint if request.limit is None else f"{fingerprint} limit {request.limit}"
    decoded = decode(raw, key, request.geometry, request.places.cache_dir, progress)
    assert raw.test is not None
    counts = np.bincount(parts.train.labels, minlength=len(raw.class_names))
    return ReadyData(
        decoded,
        fingerprint,
        DATASETS.entry(request.dataset.name).license,
        (*raw.notes, *decoded.notes),
        dict(zip(raw.class_names, counts.tolist(), strict=True)),
        len(parts.train.labels),
        len(raw.test.labels),
        find_duplicates(decoded, request.places.cache_dir, progress),
        len(raw.train.labels) - len(parts.train.labels),
    )


def _limit(raw: RawData, limit: int | None) -> RawData:
    if limit is None:
        return raw
    assert raw.test is not None
    classes = len(raw.class_names)

    def some(split: Split) -> Split:
        return part(split, limited(split.labels, classes, limit))

    own = some(raw.validation) if raw.validation is not None else None
    return dataclasses.replace(raw, train=some(raw.train), test=some(raw.test), validation=own)
