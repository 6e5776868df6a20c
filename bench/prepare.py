"""What cells share is had once, before they run: weights, decoded images, the machine's speed."""

import dataclasses
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench import cache, environment
from bench.backbones.sources import find_weights, is_checkpoint, source_of
from bench.catalog import DATASETS, PRETRAINING
from bench.choices import make
from bench.contracts import InputSpec, Places, Progress, RawData, Split, WeightsFile
from bench.data.decode import Decoded, decode
from bench.data.holding_out import part
from bench.data.splits import limited
from bench.data.transforms import Geometry
from bench.devices import configure
from bench.schema import Choice, content_hash
from bench.seeding import derive


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


def is_own(weights: str) -> bool:
    """Say whether a value of the weights axis is `<objective>@<data set>`, trained by this project."""
    return "@" in weights and not is_checkpoint(weights)


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
    if is_own(request.weights):
        file = _pretrained_here(request, progress)
    else:
        file = find_weights(request.backbone, request.weights, request.places)
    backbone = source_of(request.backbone).build(request.backbone, file.path, request.image_size)
    step_s, forward_s = _time_a_step(backbone.network, request)
    return ReadyWeights(file, backbone.input, step_s, forward_s, environment.describe(request.device))


def _time_a_step(network: Any, request: WeightsRequest) -> tuple[float, float]:
    """Return the seconds of a training step (0 where none is to come) and of a forward pass, the second of two each."""
    import torch

    from bench.devices import autocast, synchronise

    network = network.to(request.device).to(memory_format=torch.channels_last)
    batch = torch.zeros(request.batch_size, 3, request.image_size, request.image_size, device=request.device)
    batch = batch.contiguous(memory_format=torch.channels_last)
    seconds = {True: 0.0}
    for training in (False, True) if request.trains else (False,):
        network.train(training)
        for _ in range(2):
            synchronise(request.device)
            began = time.perf_counter()
            with torch.set_grad_enabled(training), autocast(request.device, request.precision):
                outputs = network(batch)
            if training:
                outputs.float().sum().backward()
            synchronise(request.device)
            seconds[training] = time.perf_counter() - began
    return seconds[True], seconds[False]


def _recipe(backbone: str, weights: str, image_size: int, places: Places) -> dict[str, Any]:
    objective, _, source = weights.partition("@")
    return {
        "backbone": backbone,
        "objective": objective,
        "settings": dataclasses.asdict(PRETRAINING.entry(objective).load()()),
        "source": source,
        "source_fingerprint": data_fingerprint(Choice(source), places),
        "image_size": image_size,
    }


def recipe_fingerprint(backbone: str, weights: str, image_size: int, places: Places) -> str:
    """Return the hash of all that decides the project's own weights."""
    return content_hash(_recipe(backbone, weights, image_size, places))


def own_weights(backbone: str, weights: str, image_size: int, places: Places) -> WeightsFile | None:
    """Return the weights that this project trained before; null where it has not."""
    recipe = _recipe(backbone, weights, image_size, places)
    path = cache.folder_path(places.cache_dir, "weights", recipe)
    return _own_file(path, weights, recipe) if cache.is_whole(path) else None


def _own_file(path: Path, weights: str, recipe: dict[str, Any]) -> WeightsFile:
    kept = cache.manifest(path)
    source = f"{weights}, trained by this project ({json.dumps(kept['outcome'])}, {kept['seconds']:.0f} s)"
    return WeightsFile(path / "weights.safetensors", kept["sha256"], content_hash(recipe), source)


def _pretrained_here(request: WeightsRequest, progress: Progress) -> WeightsFile:
    recipe = _recipe(request.backbone, request.weights, request.image_size, request.places)
    path = cache.folder(
        request.places.cache_dir,
        "weights",
        recipe,
        f"{request.backbone}: {request.weights}",
        lambda folder: _pretrain(folder, request, progress),
    )
    return _own_file(path, request.weights, recipe)


def _pretrain(folder: Path, request: WeightsRequest, progress: Progress) -> dict[str, Any]:
    import torch
    from safetensors.torch import save_file

    from bench.backbones.building import blank_linear

    objective, _, source = request.weights.partition("@")
    torch.manual_seed(derive("pretraining", request.backbone, request.weights))
    backbone = source_of(request.backbone).build(request.backbone, None, request.image_size)
    geometry = Geometry.of(backbone.input, request.image_size)
    ready = prepare_data(DataRequest(Choice(source), geometry, None, request.places), progress)
    pixels = ready.decoded.split("train")
    training = PRETRAINING.entry(objective).load()()
    if getattr(training, "trains_head", False):
        head = blank_linear(backbone.width, int(pixels.labels.max()) + 1)
        backbone = dataclasses.replace(backbone, source_head=head)
    began = time.perf_counter()
    outcome = training.train(
        backbone,
        pixels.images,
        pixels.labels,
        request.device,
        lambda _, done, total: progress(f"pre-training {request.backbone} ({request.weights})", done, total),
    )
    seconds = time.perf_counter() - began
    head_state = backbone.source_head.state_dict(prefix="head.") if backbone.source_head else {}
    trained = {**head_state, **backbone.network.state_dict()}
    state = {name: tensor.contiguous().cpu() for name, tensor in trained.items()}
    save_file(state, folder / "weights.safetensors")
    return {"sha256": cache.file_sha256(folder / "weights.safetensors"), "outcome": outcome, "seconds": seconds}
