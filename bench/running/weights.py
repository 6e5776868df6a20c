"""Jobs that make initial weights ready before cells run, and time the machine with them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.backbones.sources import find_weights, source_of
from bench.contracts.data import Places, Progress
from bench.contracts.networks import InputSpec, WeightsFile
from bench.data.decode import Decoded
from bench.data.duplicates import kept_hashes
from bench.machine import environment
from bench.machine.devices import autocast, configure, few_threads, synchronise
from bench.pretraining.pretrained import OwnRequest, decoded_sources, is_own, train_own

SHORT_S = 0.2
"""A training step that takes longer than this has work enough for several threads."""


@dataclass(frozen=True)
class WeightsRequest:
    """Initial weights of one backbone, and the training whose step is to be timed."""

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
    """A training step; 0 where no cell trains on images."""
    forward_s: float
    """A forward pass of the batch, without gradients."""
    environment: dict[str, Any]
    """The machine and its libraries, as the manifest keeps them."""
    learnt_from: tuple[Decoded, ...] = ()
    """What the project's own weights were trained on."""
    single_s: float | None = None
    """A training step on one thread; null where it was not tried."""
    notes: tuple[str, ...] = ()
    """What the user should know of the file, and of the images that own weights were trained on."""


def prepare_weights(request: WeightsRequest, progress: Progress) -> ReadyWeights:
    """Find, download or train the weights, then time a step of the network."""
    configure(request.device, request.threads, request.deterministic)
    own = OwnRequest(request.backbone, request.weights, request.image_size, request.device, request.places)
    trained = is_own(request.weights)
    file = train_own(own, progress) if trained else find_weights(request.backbone, request.weights, request.places)
    backbone = source_of(request.backbone).build(request.backbone, file.path, request.image_size)
    step_s, forward_s, single_s = _time_a_step(backbone.network, request)
    learnt_from = decoded_sources(own, backbone.input, progress) if trained else []
    for source in learnt_from:  # the probe `overlap` asks for the hashes: no cell's time shall go into making them
        kept_hashes(source, "train", request.places.cache_dir)
    described = environment.describe(request.device)
    notes = (*unused(backbone.unused), *(note for source in learnt_from for note in source.notes))
    return ReadyWeights(file, backbone.input, step_s, forward_s, described, tuple(learnt_from), single_s, notes)


def unused(names: Sequence[str]) -> list[str]:
    """Return a line that tells of tensors in a file of weights that nothing has a place for."""
    if not names:
        return []
    shown = ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
    return [
        f"{len(names)} tensors of the file are left out ({shown}): "
        "they are no part of the network, nor a classifier of one linear layer"
    ]


def _time_a_step(network: Any, request: WeightsRequest) -> tuple[float, float, float | None]:
    """Return the seconds of a training step, of a forward pass, and of a training step on one thread.

    The first is 0 where no cell trains on images, the last null where one thread is not worth a trial.
    """
    import torch  # the run, which imports this module for its requests, never needs it

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
    # a step of a large network would take long, and probes on its features never make one
    if not request.trains:
        return 0.0, forward_s, None
    step_s = least(training=True, passes=1)
    if request.device != "cpu" or request.threads == 1 or step_s > SHORT_S:
        return step_s, forward_s, None
    # more passes, since a user is told what to write on the strength of them
    step_s = least(training=True, passes=4)
    with few_threads(0.0):
        return step_s, forward_s, least(training=True, passes=4)
