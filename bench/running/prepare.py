"""What cells share is had once, before they run: weights, decoded images, the machine's speed."""

import dataclasses
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.backbones.sources import find_weights, source_of
from bench.catalog import DATASETS
from bench.contracts.data import Places, Progress, RawData, Split
from bench.contracts.networks import InputSpec, WeightsFile
from bench.data.decode import Decoded, decode
from bench.data.duplicates import Duplicates, find_duplicates, kept_hashes
from bench.data.holding_out import part
from bench.data.splits import limited
from bench.data.transforms import Geometry
from bench.machine import environment
from bench.machine.devices import configure
from bench.pretraining.pretrained import OwnRequest, decoded_sources, is_own, train_own
from bench.schema import Choice
from bench.suites.choices import make

SHORT_S = 0.2
"""A training step that takes longer has work for several threads."""


@dataclass(frozen=True)
class WeightsRequest:
    """Initial weights of one backbone, and what its training costs here."""

    backbone: str
    weights: str
    image_size: int
    batch_size: int
    device: str
    precision: str
    threads: int
    deterministic: bool
    places: Places
    trains: bool = True
    """Whether any cell trains on images: only then a training step is timed."""


@dataclass(frozen=True)
class ReadyWeights:
    """Weights that lie on this machine."""

    file: WeightsFile
    input: InputSpec
    step_s: float
    forward_s: float
    environment: dict[str, Any]
    learnt_from: tuple[Decoded, ...] = ()
    """What the project's own weights were trained on."""
    single_s: float | None = None
    """A training step on one thread; null where it was not tried."""


@dataclass(frozen=True)
class DataRequest:
    """A data set at one geometry."""

    dataset: Choice
    geometry: Geometry
    limit: int | None
    places: Places


@dataclass(frozen=True)
class ReadyData:
    """A decoded data set that lies on this machine."""

    decoded: Decoded
    fingerprint: str
    license: str | None
    notes: tuple[str, ...]
    class_counts: dict[str, int]
    train_images: int
    test_images: int
    duplicates: Duplicates


def data_fingerprint(dataset: Choice, places: Places) -> str | None:
    """Return the hash of a data set's contents; null where it isn't there yet."""
    found: str | None = make(DATASETS, dataset).fingerprint(places)
    return found


def prepare_data(request: DataRequest, progress: Progress) -> ReadyData:
    """Find or download a data set and decode it; raise `Unavailable` or `InvalidData`."""
    dataset = make(DATASETS, request.dataset)
    raw = _limit(dataset.load(request.places), request.limit)
    fingerprint = dataset.fingerprint(request.places)
    assert fingerprint is not None, "a data set that was loaded has a fingerprint"
    key = fingerprint if request.limit is None else f"{fingerprint} limit {request.limit}"
    decoded = decode(raw, key, request.geometry, request.places.cache_dir, progress)
    assert raw.test is not None
    counts = np.bincount(raw.train.labels, minlength=len(raw.class_names))
    return ReadyData(
        decoded,
        fingerprint,
        DATASETS.entry(request.dataset.name).license,
        raw.notes,
        dict(zip(raw.class_names, counts.tolist(), strict=True)),
        len(raw.train.labels),
        len(raw.test.labels),
        find_duplicates(decoded, request.places.cache_dir, progress),
    )


def _limit(raw: RawData, limit: int | None) -> RawData:
    if limit is None:
        return raw
    assert raw.test is not None
    classes = len(raw.class_names)

    def some(split: Split) -> Split:
        return part(split, limited(split.labels, classes, limit))

    return dataclasses.replace(raw, train=some(raw.train), test=some(raw.test))


def prepare_weights(request: WeightsRequest, progress: Progress) -> ReadyWeights:
    """Find, download or train the weights, then time one step with them."""
    configure(request.device, request.threads, request.deterministic)
    own = OwnRequest(request.backbone, request.weights, request.image_size, request.device, request.places)
    trained = is_own(request.weights)
    file = train_own(own, progress) if trained else find_weights(request.backbone, request.weights, request.places)
    backbone = source_of(request.backbone).build(request.backbone, file.path, request.image_size)
    step_s, forward_s, single_s = _time_a_step(backbone.network, request)
    learnt_from = decoded_sources(own, backbone.input, progress) if trained else []
    for source in learnt_from:  # so that no cell's time goes into it
        kept_hashes(source, "train", request.places.cache_dir)
    described = environment.describe(request.device)
    return ReadyWeights(file, backbone.input, step_s, forward_s, described, tuple(learnt_from), single_s)


def _time_a_step(network: Any, request: WeightsRequest) -> tuple[float, float, float | None]:
    """Return the seconds of a training step (0 where none is to come), of a forward pass, and of a step on one thread.

    The last is null where threads are not in question.
    """
    import torch

    from bench.machine.devices import autocast, few_threads, synchronise

    network = network.to(request.device).to(memory_format=torch.channels_last)
    batch = torch.zeros(request.batch_size, 3, request.image_size, request.image_size, device=request.device)
    batch = batch.contiguous(memory_format=torch.channels_last)

    def least(training: bool, passes: int) -> float:
        network.train(training)
        taken = []
        for _ in range(passes + 1):
            synchronise(request.device)
            began = time.perf_counter()
            with torch.set_grad_enabled(training), autocast(request.device, request.precision):
                outputs = network(batch)
            if training:
                outputs.float().sum().backward()
            synchronise(request.device)
            taken.append(time.perf_counter() - began)
        return min(taken[1:])  # the first is warm-up

    forward_s = least(training=False, passes=1)
    if not request.trains:
        return 0.0, forward_s, None
    step_s = least(training=True, passes=1)
    if request.device != "cpu" or request.threads == 1 or step_s > SHORT_S:
        return step_s, forward_s, None
    step_s = least(training=True, passes=4)
    with few_threads(0.0):
        return step_s, forward_s, least(training=True, passes=4)
