"""The loop that all pre-training shares, and the state on disk from which a killed one goes on."""

import itertools
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from torch import nn

from bench.data.batches import ImageBatches, Index, fetch
from bench.errors import Diverged, InvalidData
from bench.learning.features import forward_all
from bench.learning.recipe import batches, epoch_sizes, learning_rate_factor, make_optimizer, total_steps
from bench.machine.writing import kind, stream
from bench.pretraining.contract import Batch, Loss, Objective, Pretrained, PretrainingTask
from bench.schema import Training
from bench.seeding import derive

CHECKPOINT = ".checkpoint.pt"
"""Hidden: no part of what is kept in the end."""
SAVE_EVERY_S = 30.0
SAVING_SHARE = 0.05
"""Of the time, at most, goes into saving."""
REPORTS = 100
"""How often a training tells its loss."""
SETTLING = 50
"""Batches of whole images that normalisation takes its statistics from at the end."""


def learn_and_settle(
    task: PretrainingTask, objective: Callable[[PretrainingTask], Objective], settings: Training
) -> Pretrained:
    """Make the heads of an objective, train the backbone with them, and have its normalisation see whole images."""
    torch.manual_seed(task.seed_of("init"))
    made = objective(task)
    learnt = learn(task, made.heads, settings, made.loss)
    settle(task, settings)
    return learnt


def learn(
    task: PretrainingTask, heads: Mapping[str, nn.Module], settings: Training, loss: Loss, index: Index | None = None
) -> Pretrained:
    """Train the backbone with its heads on the images at `index` (null: all), all parameters at one rate.

    Every step draws from seeds of its own. So a training that goes on from a saved state ends in the same bits as
    one that was never interrupted. Raises `Diverged` where the loss is not finite.
    """
    index = np.arange(len(task.images)) if index is None else index
    # one module, so that heads go on from a saved state too
    model = nn.ModuleDict({"backbone": task.backbone.network, **heads}).to(task.device)
    # channels last, as images come
    model = model.to(memory_format=torch.channels_last).train().requires_grad_(True)
    optimizer = make_optimizer(settings, [{"params": list(model.parameters()), "lr": settings.learning_rate}])
    inputs = ImageBatches(task.images, task.backbone.input, task.device, wanted=index)
    steps = total_steps(settings, len(index))
    epoch_steps = len(epoch_sizes(len(index), settings.batch_size))
    state = _State(task.folder / CHECKPOINT, model, optimizer)
    order = batches(index, settings.batch_size, task.seed_of("order"))
    for step, some in enumerate(itertools.islice(order, len(state.losses), steps), start=len(state.losses)):
        generator = _seed_all(task.seed_of("step"), step)
        rate = settings.learning_rate * learning_rate_factor(settings, step, steps, epoch_steps)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad(set_to_none=True)
        found = loss(Batch(fetch(inputs, some), some, generator))
        found.backward()
        optimizer.step()
        # left on the device: to read it here would be to wait for the GPU at every step
        state.add(found.detach(), last=step + 1 == steps)
        _tell(task, state.losses, steps)
    return Pretrained([float(each) for each in state.losses], state.seconds)


def settle(task: PretrainingTask, settings: Training) -> None:
    """Take the statistics of batch normalisation anew, from images as they are.

    Those of the training are of corrupted images, patches or views, while features are taken of whole images. The
    averages are plain ones over batches, as in precise batch normalisation (Wu and Johnson, 2021).
    """
    norms = [each for each in task.backbone.network.modules() if isinstance(each, nn.modules.batchnorm._BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # torch then takes the plain average of all batches
    inputs = ImageBatches(task.images, task.backbone.input, task.device)
    order = batches(np.arange(len(task.images)), settings.batch_size, task.seed_of("statistics"))
    task.backbone.network.train()
    with torch.no_grad():
        for step, some in enumerate(itertools.islice(order, SETTLING if norms else 0)):
            _seed_all(task.seed_of("statistics"), step)
            task.backbone.network(fetch(inputs, some))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def accuracy(task: PretrainingTask, head: nn.Module, index: Index) -> float:
    """Return the share of some images, as they are, that a head on the features classifies as labelled."""
    assert task.labels is not None
    model = nn.Sequential(OrderedDict(backbone=task.backbone.network, head=head)).eval()
    inputs = ImageBatches(task.images, task.backbone.input, task.device)
    logits = forward_all(model, lambda some: fetch(inputs, index[some]), len(index), task.device, "fp32")
    return float((logits.argmax(1).numpy() == task.labels[index]).mean())


def _seed_all(seed: int, step: int) -> torch.Generator:
    """Seed what a step draws from: torch's global generator (dropout, stochastic depth) and one that is returned."""
    torch.manual_seed(derive(seed, step, "noise"))
    return torch.Generator().manual_seed(derive(seed, step, "draws"))


def _tell(task: PretrainingTask, losses: list[torch.Tensor], steps: int) -> None:
    done = len(losses)
    if done % max(1, steps // REPORTS) and done != steps:
        return
    task.progress(f"loss {_finite(losses):.4g}", done, steps)


def _finite(losses: list[torch.Tensor]) -> float:
    """Return the last loss; raise `Diverged` where it is not finite."""
    loss = float(losses[-1])
    if not np.isfinite(loss):
        step = len(losses)
        raise Diverged(f"pre-training: the loss is {loss} at step {step}; write weights of another objective or source")
    return loss


def _checked(losses: Any, seconds: Any) -> tuple[torch.Tensor, float]:
    """Return what a file says of the steps that are done (N,); raise `ValueError` where that can't be."""
    if not isinstance(losses, torch.Tensor) or losses.ndim != 1 or not losses.isfinite().all():
        raise ValueError("its losses are no list of numbers")
    if not isinstance(seconds, float) or not 0 <= seconds < 1e9:
        raise ValueError(f"{seconds!r:.40} is no time")
    return losses, seconds


class _State:
    """All that a training has come to, in memory and, every so often, on disk."""

    def __init__(self, path: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        self._path = path
        self._model, self._optimizer = model, optimizer
        self._losses: list[torch.Tensor] = []
        self._before_s = 0.0
        self._began = time.perf_counter()
        self._due = self._began + SAVE_EVERY_S
        self._load()

    @property
    def losses(self) -> list[torch.Tensor]:
        """One per step that is done."""
        return self._losses

    @property
    def seconds(self) -> float:
        """What the training has taken, killed ones counted."""
        return self._before_s + time.perf_counter() - self._began

    def _load(self) -> None:
        """Go on from what a killed training left, if it left anything."""
        if kind(self._path) not in (None, "a file"):
            raise InvalidData(f"{self._path}: is {kind(self._path)}; remove it to start afresh")
        try:
            # tensors and numbers alone, so that a file put here by others runs nothing
            kept = torch.load(self._path, map_location="cpu", weights_only=True)
            self._model.load_state_dict(kept["model"])
            self._optimizer.load_state_dict(kept["optimizer"])
            losses, seconds = _checked(kept["losses"], kept["seconds"])
        except FileNotFoundError:
            return
        except (RuntimeError, ValueError, LookupError, TypeError, AttributeError, EOFError, UnpicklingError) as error:
            cause = " ".join(str(error).split())[:160] or type(error).__name__
            raise InvalidData(f"{self._path}: can't be gone on from ({cause}); remove it to start afresh") from error
        self._losses = list(losses.to(next(self._model.parameters()).device))
        self._before_s = seconds

    def add(self, loss: torch.Tensor, last: bool) -> None:
        """Note a step, and save where that is due."""
        self._losses.append(loss)
        if last or time.perf_counter() >= self._due:
            _finite(self._losses)  # nobody goes on from what diverged
            began = time.perf_counter()
            self._save()
            now = time.perf_counter()
            # large networks on slow disks are saved less often
            self._due = now + max(SAVE_EVERY_S, (now - began) / SAVING_SHARE)

    def _save(self) -> None:
        """Write beside, flush to disk, rename: a reader sees the old state or the new one."""
        state = {
            "model": self._model.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "losses": torch.stack(self._losses).cpu(),
            "seconds": self.seconds,
        }
        with stream(self._path) as file:
            torch.save(state, file)
