"""What `precision: auto` stands for: a trial of one backbone on this machine, made once and kept."""

import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.backbones.sources import find_weights, source_of
from bench.contracts.data import Places, Progress
from bench.contracts.networks import InputSpec
from bench.data.batches import ImageBatches, fetch
from bench.data.glyphs import Glyphs
from bench.data.transforms import Geometry
from bench.errors import InvalidData, Unavailable
from bench.machine import cache
from bench.machine.devices import autocast, configure, synchronise
from bench.machine.environment import machine
from bench.schema import Precision

if TYPE_CHECKING:
    import torch

IMAGES = {"cpu": 16, "mps": 64, "cuda": 64}
"""Images of a batch that keeps the device busy."""
ROUNDS = 3
"""Turns of each precision; the first is warm-up."""
WORTH = 1.1
"""How many times as fast a training step must be in bfloat16 to be worth it."""
# ResNet-18's features had 0.99979 at the least, in every way of computing them in bfloat16
AGREEMENT = 0.999
"""Least cosine between an image's features in both precisions."""


@dataclass(frozen=True)
class TrialRequest:
    """What the answer depends on."""

    backbone: str
    image_size: int
    device: str
    threads: int
    deterministic: bool
    places: Places


@dataclass(frozen=True)
class Settled:
    """A precision and why."""

    precision: Precision
    reason: str


def settle(request: TrialRequest, progress: Progress) -> Settled:
    """Return what the trial found, made now where no answer is kept yet."""
    configure(request.device, request.threads, request.deterministic)
    label = f"precision of {request.backbone} at {request.image_size} px on {request.device}"

    def make(_: Path) -> dict[str, str]:
        return asdict(_trial(request, progress))

    kept = cache.manifest(cache.folder(request.places.cache_dir, "trials", _key(request), label, make))
    return Settled(kept["precision"], kept["reason"])


def known(request: TrialRequest) -> Settled | None:
    """Return the answer that this machine has kept; null where there is none, and on CUDA always.

    Only torch can name a CUDA machine, and the process that asks does not import it.
    """
    if request.device.startswith("cuda"):
        return None
    path = cache.folder_path(request.places.cache_dir, "trials", _key(request))
    if not cache.is_whole(path):
        return None
    kept = cache.manifest(path)
    return Settled(kept["precision"], kept["reason"])


def _key(request: TrialRequest) -> dict[str, Any]:
    asked = {name: value for name, value in asdict(request).items() if name != "places"}
    rule = [IMAGES, ROUNDS, WORTH, AGREEMENT]
    return {**asked, "machine": machine(request.device), "torch": version("torch"), "rule": rule}


def _trial(request: TrialRequest, progress: Progress) -> Settled:
    import torch  # planning, which imports this module, never needs it

    torch.manual_seed(0)
    try:
        found = find_weights(request.backbone, "pretrained", request.places, download=False)
        path, weights = found.path, "pretrained weights"
    except (Unavailable, InvalidData):
        # a trial is no reason for a download; the answer says of which weights it is
        path, weights = None, "random weights"
    backbone = source_of(request.backbone).build(request.backbone, path, request.image_size)
    network = backbone.network.to(request.device).to(memory_format=torch.channels_last)
    images = _images(request, backbone.input)
    # in turns, so that a neighbour slows both
    forward: dict[str, list[float]] = {"fp32": [], "bf16": []}
    step: dict[str, list[float]] = {"fp32": [], "bf16": []}
    features: dict[str, torch.Tensor] = {}
    for turn in range(ROUNDS):
        progress(f"precision of {request.backbone}", turn, ROUNDS)
        for precision in ("fp32", "bf16"):
            network.eval()
            with torch.no_grad():
                took, seen = _timed(network, images, request.device, precision)
            features.setdefault(precision, seen)  # of the first turn, before training moves any statistics
            forward[precision].append(took)
        for precision in ("fp32", "bf16"):
            network.train()
            took, _ = _timed(network, images, request.device, precision)
            step[precision].append(took)
            network.zero_grad(set_to_none=True)
    cosine = torch.nn.functional.cosine_similarity(features["fp32"], features["bf16"]).min()
    return verdict(_gain(forward), _gain(step), float(cosine), weights)


def verdict(forward: float, step: float, cosine: float, weights: str) -> Settled:
    """Return bfloat16 where its steps are worth it, its forward pass is no slower, and its features agree."""
    figures = (
        f"bfloat16 against float32: forward x {forward:.2f}, training step x {step:.2f}, least cosine of features "
        f"{cosine:.5f} ({weights})"
    )
    agrees = cosine >= AGREEMENT
    worth = step >= WORTH and forward >= 1.0
    return Settled("bf16" if agrees and worth else "fp32", figures)


def _gain(seconds: dict[str, list[float]]) -> float:
    return min(seconds["fp32"][1:]) / min(seconds["bf16"][1:])


def _timed(
    network: "torch.nn.Module", images: "torch.Tensor", device: str, precision: str
) -> tuple[float, "torch.Tensor"]:
    """Return the seconds of a forward pass, with its backward pass where gradients are on, and the float32 features."""
    synchronise(device)
    began = time.perf_counter()
    with autocast(device, precision):
        features = network(images)
    features = features.float()
    if features.requires_grad:
        features.square().mean().backward()
    synchronise(device)
    return time.perf_counter() - began, features.detach().cpu()


def _images(request: TrialRequest, spec: InputSpec) -> "torch.Tensor":
    """Return rendered characters as the network wants them: every machine has those."""
    geometry = Geometry(request.image_size, None, "bilinear")
    rendered = Glyphs().load(request.places).train.images
    count = IMAGES[request.device.partition(":")[0]]
    pixels = np.stack([geometry.apply(rendered[place]) for place in range(count)])
    return fetch(ImageBatches(pixels, spec, request.device), np.arange(count))
