"""Initial weights that this project trains itself, kept under all that decides them."""

import contextlib
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.backbones.sources import is_checkpoint, source_of
from bench.backbones.weights_name import FOLDER, OwnWeights, Source, parse_own
from bench.catalog import DATASETS, PRETRAINING
from bench.contracts.data import Dataset, Places, Progress, RawData
from bench.contracts.networks import InputSpec, WeightsFile
from bench.data.decode import DECODER, Decoded, decode
from bench.data.joined import Joined, Rows
from bench.data.transforms import Geometry
from bench.data.unlabelled import fingerprint_unlabelled, read_unlabelled
from bench.errors import InvalidData, Unavailable, Unwritable
from bench.machine import cache, writing
from bench.machine.digests import file_sha256
from bench.pretraining.contract import Pretrained, Pretraining, PretrainingTask
from bench.schema import Choice, content_hash
from bench.seeding import derive
from bench.suites.choices import fingerprint_of, make

WEIGHTS, LOSSES = "weights.safetensors", "losses.json"


@dataclasses.dataclass(frozen=True)
class OwnRequest:
    """Weights to be trained where they are not kept yet."""

    backbone: str
    weights: str
    image_size: int
    device: str
    places: Places


def is_own(weights: str) -> bool:
    """Say whether a value of the weights axis is `<objective>@<source>`, trained by this project."""
    return "@" in weights and not is_checkpoint(weights)


def own_weights(backbone: str, weights: str, image_size: int, places: Places) -> WeightsFile | None:
    """Return the project's own weights; null where a source is not on this machine.

    Those that are still to be trained have no path.
    """
    recipe = _recipe(backbone, weights, image_size, places)
    if recipe is None:
        return None
    path = cache.folder_path(places.cache_dir, "weights", recipe)
    if not cache.is_whole(path):
        return WeightsFile(None, None, content_hash(recipe), weights)
    return _file(path, weights, recipe)


def train_own(request: OwnRequest, progress: Progress) -> WeightsFile:
    """Return the project's own weights, trained where they are not kept yet; raise `Unavailable` or `InvalidData`."""
    recipe = _recipe(request.backbone, request.weights, request.image_size, request.places)
    if recipe is None:
        for source in parse_own(request.weights).sources:
            _raw(source, request.places, labelled=False)  # downloaded, or refused
        recipe = _recipe(request.backbone, request.weights, request.image_size, request.places)
        assert recipe is not None, "data that was loaded has a fingerprint"
    label = f"{request.backbone}: {request.weights}"
    path = cache.folder(
        request.places.cache_dir, "weights", recipe, label, lambda folder: _train(folder, request, progress)
    )
    with contextlib.suppress(Unwritable):  # another user's, which serves as it is
        for left in path.glob(".*"):  # what a killed training would have gone on from
            writing.remove(left, request.places.cache_dir)
    return _file(path, request.weights, recipe)


def _recipe(backbone: str, weights: str, image_size: int, places: Places) -> dict[str, Any] | None:
    """Return all that decides the weights: contents of sources, not where they lie; null where one is missing."""
    own = parse_own(weights)
    labelled = _objective(own).labelled
    fingerprints = [_fingerprint(source, places, labelled) for source in own.sources]
    if None in fingerprints:
        return None
    return {
        "backbone": backbone,
        "objective": own.objective,
        "settings": dataclasses.asdict(_objective(own)),  # type: ignore[call-overload]
        "sources": [source.dataset for source in own.sources],
        "source_fingerprints": fingerprints,
        "image_size": image_size,
        # of a user's files the decoder makes the pixels; the catalogue's other sources have but one kind of image
        **({"decoder": DECODER} if any(source.dataset == FOLDER for source in own.sources) else {}),
    }


def _file(path: Path, weights: str, recipe: dict[str, Any]) -> WeightsFile:
    kept = cache.manifest(path)
    source = f"{weights}, trained by this project ({json.dumps(kept['outcome'])}, {kept['seconds']:.0f} s)"
    said = "; ".join([source, *kept.get("notes", ())])
    return WeightsFile(path / WEIGHTS, kept["sha256"], content_hash(recipe), said)


def _objective(own: OwnWeights) -> Pretraining:
    objective: Pretraining = PRETRAINING.entry(own.objective).call()
    return objective


def _dataset(source: Source) -> Dataset:
    dataset: Dataset = make(DATASETS, Choice(source.dataset))
    return dataset


def _places(source: Source, places: Places) -> Places:
    """Return the places with the source's own folder as that of the data."""
    if source.folder is None:
        return places
    return dataclasses.replace(places, data_dir=Path(source.folder).expanduser().resolve())


def _raw(source: Source, places: Places, labelled: bool) -> RawData:
    mine = _places(source, places)
    folder = mine.data_dir if mine.data_dir is not None and mine.data_dir.is_dir() else None
    if source.folder is not None and folder is None:
        raise Unavailable(f"{FOLDER}:{source.folder}: no such folder; correct the path in the weights' name")
    found = read_unlabelled(folder) if _is_blind(source, labelled) and folder is not None else None
    return _dataset(source).load(mine) if found is None else found


def _fingerprint(source: Source, places: Places, labelled: bool) -> str | None:
    """Return the hash of what `_raw` reads; null where it is not on this machine."""
    mine = _places(source, places)
    found = None
    if _is_blind(source, labelled) and mine.data_dir is not None and mine.data_dir.is_dir():
        found = fingerprint_unlabelled(mine.data_dir, mine.cache_dir)
    return fingerprint_of(Choice(source.dataset), mine) if found is None else found


def _is_blind(source: Source, labelled: bool) -> bool:
    """Say whether a source's images may lie in no class folders."""
    return source.dataset == FOLDER and not labelled


def _train(folder: Path, request: OwnRequest, progress: Progress) -> dict[str, Any]:
    """Fill the folder with weights and losses, going on from where a killed process stopped."""
    # late: whoever asks whether weights are there imports this module, and needs no torch
    import torch
    from safetensors.torch import save

    own = parse_own(request.weights)
    # without the sources' names: contents decide the weights, not what a folder is called
    seed = derive("pretraining", own.objective, request.backbone)
    torch.manual_seed(derive(seed, "weights"))
    backbone = source_of(request.backbone).build(request.backbone, None, request.image_size)
    objective = _objective(own)
    sources = decoded_sources(request, backbone.input, progress)
    images, labels = joined_split(sources, "train")
    if len(images) < 2:
        raise InvalidData(f"weights {request.weights}: one image only; give a source with more")
    what = f"pre-training {request.backbone} ({request.weights})"
    task = PretrainingTask(
        backbone=backbone,
        images=images,
        labels=labels if objective.labelled else None,
        device=request.device,
        folder=folder,
        seed_of=lambda use: derive(seed, use),
        progress=lambda said, done, total: progress(f"{what}, {said}", done, total),
    )
    made = objective.train(task)
    state = {name: tensor.contiguous().cpu() for name, tensor in backbone.network.state_dict().items()}
    if made.head is not None:
        state |= {f"head.{name}": tensor.contiguous().cpu() for name, tensor in made.head.state_dict().items()}
    writing.write_atomically(folder / WEIGHTS, save(state))
    writing.write_atomically(folder / LOSSES, json.dumps(list(made.losses)))
    outcome = {**_ends(made), **made.figures}
    notes = [note for source in sources for note in source.about["notes"]]
    return {"sha256": file_sha256(folder / WEIGHTS), "outcome": outcome, "seconds": made.seconds, "notes": notes}


def _ends(made: Pretrained) -> dict[str, float]:
    """Return the loss at the start and at the end, each over a fiftieth of the steps."""
    share = max(1, len(made.losses) // 50)
    means = (float(np.mean(losses)) for losses in (made.losses[:share], made.losses[-share:]))
    return dict(zip(("first_loss", "last_loss"), (round(mean, 5) for mean in means), strict=True))


def decoded_sources(request: OwnRequest, spec: InputSpec, progress: Progress) -> list[Decoded]:
    """Return what own weights were trained on, as it lies on disk; raise `Unavailable` or `InvalidData`."""
    own = parse_own(request.weights)
    geometry = Geometry.of(spec, request.image_size)
    found = []
    for source in own.sources:
        labelled = _objective(own).labelled
        raw = _raw(source, request.places, labelled)
        fingerprint = _fingerprint(source, request.places, labelled)
        assert fingerprint is not None, "data that was loaded has a fingerprint"
        found.append(decode(raw, fingerprint, geometry, request.places.cache_dir, progress))
    return found


def joined_split(sources: Sequence[Decoded], name: str) -> tuple[Rows, npt.NDArray[np.int64]]:
    """Return the images of one split of all sources, and labels that count the classes of each apart."""
    arrays, labels, classes = [], [], 0
    for source in sources:
        pixels = source.split(name)
        arrays.append(pixels.images)
        labels.append(pixels.labels + classes)
        classes += len(source.about["class_names"])
    return arrays[0] if len(arrays) == 1 else Joined(arrays), np.concatenate(labels)
