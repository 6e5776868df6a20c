"""What adaptation at test time shares: what was trained before, the stream of test images, the way back."""

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from bench.contracts.training import Fitted, Inputs, Task
from bench.data.batches import Index, fetch
from bench.errors import Diverged, InvalidData
from bench.learning.recipe import batches, epoch_sizes
from bench.machine.devices import autocast
from bench.methods.descriptions import Answering, Base, Tuning, every_parameter
from bench.methods.domains.from_source import fit_from_source
from bench.methods.gradient import fit_backbone


@dataclass(frozen=True)
class Restoring:
    """An adaptation that leaves the module as it was, whatever the answering did to it."""

    augmentation: str
    answer: Callable[[nn.Module, Inputs, int], torch.Tensor]
    """A module in `eval()`, the test images and their number to logits (N, C)."""

    def logits(self, module: nn.Module, inputs: Inputs, count: int) -> torch.Tensor:
        """Return the logits of images 0 to `count`, (N, C) float32 on the CPU; raise `Diverged`."""
        with restored(module):
            logits = self.answer(module, inputs, count).detach().float().cpu()
        if not bool(torch.isfinite(logits).all()):
            raise Diverged("the adapted network's outputs are not finite; write a smaller rate")
        return logits


def fit_adaptable(task: Task, base: Base, answering: Answering, method: str) -> Fitted:
    """Train what is adapted afterwards; a network without the layers that would adapt is refused before."""
    if answering.adapts != "all":
        find, what = LAYERS[answering.adapts]
        if not find(task.backbone.network):
            raise InvalidData(f"{method}: the network has no {what}; take another backbone or method")
    fitted = fit_base(task, base)
    # each state that is kept is evaluated, which at test time means adapted
    if answering.only_chosen:
        fitted = dataclasses.replace(fitted, states=[fitted.states[fitted.chosen]], chosen=0)
    adaptation = Restoring(answering.augmentation, functools.partial(answering.answer, task))
    return dataclasses.replace(fitted, adaptation=adaptation)


def fit_base(task: Task, base: Base) -> Fitted:
    """Train on the target's labels, or on those of a source too."""
    if base == "source_only":
        return fit_from_source(task)
    return fit_backbone(task, Tuning(every_parameter(task)))


@contextlib.contextmanager
def restored(module: nn.Module) -> Iterator[None]:
    """Put parameters, buffers, modes and what may learn back to the last bit after the block."""
    state = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    modes = {part: part.training for part in module.modules()}
    learning = {parameter: parameter.requires_grad for parameter in module.parameters()}
    try:
        yield
    finally:
        put_back(module, state)
        for part, mode in modes.items():
            part.training = mode
        for parameter, learns in learning.items():
            parameter.requires_grad_(learns)
            parameter.grad = None


def put_back(module: nn.Module, state: dict[str, torch.Tensor]) -> None:
    """Copy a state into the module's own tensors."""
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            tensor.copy_(state[name])


def stream(count: int, batch_size: int, seed: int) -> Iterator[Index]:
    """Yield all test images once, in batches of random order: data sets lie sorted by class, streams don't."""
    order = batches(np.arange(count), batch_size, seed)
    for _ in epoch_sizes(count, batch_size):
        yield next(order)


def in_batches(
    task: Task, inputs: Inputs, count: int, batch_size: int, answer: Callable[[torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """Return the logits (N, C) that batches of test images are answered with, one after another."""
    seen, logits = [], []
    for index in stream(count, batch_size, task.seed_of("test order")):
        seen.append(index)
        logits.append(answer(fetch(inputs, index)).detach())
    return scattered(seen, logits)


def predicted(task: Task, module: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    """Return the logits of a batch by the cell's precision, without a graph."""
    with torch.no_grad(), autocast(task.device, task.precision):
        logits: torch.Tensor = module(batch)
    return logits


def update(
    task: Task,
    module: nn.Module,
    batch: torch.Tensor,
    loss: Callable[[torch.Tensor], torch.Tensor],
    optimizer: torch.optim.Optimizer,
) -> torch.Tensor:
    """Go a step down a loss of the logits of a batch; return these logits, of before the step."""
    with autocast(task.device, task.precision):
        logits: torch.Tensor = module(batch)
    optimizer.zero_grad(set_to_none=True)
    loss(logits).backward()
    optimizer.step()
    return logits


def scattered(batches_seen: Sequence[Index], logits: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return the logits of batches in the order of the images."""
    rows = torch.cat([each.detach().float().cpu() for each in logits])
    return rows[torch.from_numpy(np.argsort(np.concatenate(list(batches_seen))))]


def batch_norms(module: nn.Module) -> list[_BatchNorm]:
    """Return the layers of batch normalisation that have statistics."""
    return [part for part in module.modules() if isinstance(part, _BatchNorm) and part.running_mean is not None]


def norm_parameters(module: nn.Module) -> list[nn.Parameter]:
    """Return the scales and shifts of all normalisation layers."""
    kinds = (_BatchNorm, nn.LayerNorm, nn.GroupNorm)
    return [each for part in module.modules() if isinstance(part, kinds) for each in part.parameters(recurse=False)]


LAYERS: Mapping[str, tuple[Callable[[nn.Module], Sequence[object]], str]] = {
    "statistics": (batch_norms, "batch normalisation with statistics"),
    "scales": (norm_parameters, "normalisation layers with a scale and a shift"),
}
"""What an adaptation may need of a network: how it is found, and what it is called."""


def entropy(logits: torch.Tensor) -> torch.Tensor:
    """Return the entropy of each prediction (B, C), in nats, (B,)."""
    shares = logits.float().log_softmax(1)
    return -(shares.exp() * shares).sum(1)


def marginal_entropy(logits: torch.Tensor) -> torch.Tensor:
    """Return the entropy of the mean of predictions (B, C), in nats, a scalar."""
    mean: torch.Tensor = logits.float().log_softmax(1).logsumexp(0) - float(np.log(len(logits)))
    return -(mean.exp() * mean).sum()
