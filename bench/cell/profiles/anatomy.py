"""The parts of a training step by their time, and the memory that it holds by kind."""

import contextlib
import statistics
import time
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import nn

from bench.cell.profiling import Rehearsal
from bench.contracts.training import Inputs, Watch
from bench.data.batches import Index
from bench.machine.devices import synchronise

WARMUP = 3
MIB = 2**20


def profile(rehearsal: Rehearsal) -> dict[str, Any]:
    """Return the median ms of each part of a step on a full batch, each waited for, and the MiB of each kind of memory.

    `data` reads the batch from memory or disk and augments on the host; `copy` brings it to the device, normalises and
    augments there. Activations are what the forward pass keeps for the backward pass, each storage counted once.
    """
    trace = rehearsal.fitted.trace
    if trace is None:
        return {}
    # a pass of its own: a device that is waited for after each part can't overlap them, as it does in the real loop
    watch = Anatomy(rehearsal.cell.device, rehearsal.steps_to(WARMUP + rehearsal.steps), trace.batch_effective)
    fitted = rehearsal.again(watch)
    weights = _bytes([*fitted.model.parameters(), *fitted.model.buffers()])
    memory = {kind: size / MIB for kind, size in {"weights": weights, **watch.bytes}.items()}
    measured = watch.full_after(WARMUP)
    if not measured or watch.images != list(fitted.trace.images if fitted.trace else ()):
        lacking = f"parts of a step: no full batch after {WARMUP} steps of warm-up, or more than one loop"
        return {"memory_mib_by_kind": memory, "profile_reason": lacking}
    medians = {
        part: statistics.median([times[step] for step in measured]) * 1000 for part, times in watch.seconds.items()
    }
    return {"anatomy_ms": medians, "memory_mib_by_kind": memory}


class Anatomy(Watch):
    """Waits for the device after each part of a step, and notes which steps have a full batch."""

    def __init__(self, device: str, last_step: int, full: int) -> None:
        self.device = device
        self.last_step = last_step
        self.full = full
        """Images of a full batch."""
        self.images: list[int] = []
        """Of each step, how many images it has."""
        self.seconds: dict[str, list[float]] = {}
        self.bytes: dict[str, int] = {}
        self._last = 0.0

    def mark(self, part: str) -> None:
        """Note the time since the mark before; `begin` starts a step."""
        synchronise(self.device)
        now = time.perf_counter()
        if part != "begin":
            self.seconds.setdefault(part, []).append(now - self._last)
        self._last = now

    def inputs(self, inputs: Inputs) -> Inputs:
        """Return the inputs, with the size of each batch noted."""
        return _Sized(inputs, self.images)

    def full_after(self, warmup: int) -> list[int]:
        """Return the steps on a full batch, without the first ones."""
        return [step for step, images in enumerate(self.images) if step >= warmup and images == self.full]

    @contextlib.contextmanager
    def _counting(self, module: nn.Module) -> Iterator[None]:
        own = {parameter.untyped_storage().data_ptr() for parameter in module.parameters()}
        kept: dict[int, int] = {}

        def pack(tensor: torch.Tensor) -> torch.Tensor:
            storage = tensor.untyped_storage()
            # weights are kept for the backward pass too, but are counted as weights
            if storage.data_ptr() not in own:
                kept[storage.data_ptr()] = storage.nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            yield
        self.bytes["activations"] = sum(kept.values())

    def forward(self, module: nn.Module) -> contextlib.AbstractContextManager[None]:
        """Count what the forward pass on the second full batch keeps: counting is slow, and this is warm-up anyway."""
        second = self.images.count(self.full) == 2 and self.images[-1] == self.full
        return self._counting(module) if second else contextlib.nullcontext()

    def stepped(self, module: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Count gradients and the optimiser's state."""
        if "gradients" in self.bytes:
            return
        self.bytes["gradients"] = _bytes(each.grad for each in module.parameters() if each.grad is not None)
        states = (value for state in optimizer.state.values() for value in state.values())
        self.bytes["optimiser"] = _bytes(value for value in states if isinstance(value, torch.Tensor))


class _Sized:
    def __init__(self, inputs: Inputs, images: list[int]) -> None:
        self._inputs = inputs
        self._images = images

    def read(self, index: Index, generator: torch.Generator | None) -> torch.Tensor:
        self._images.append(len(index))
        return self._inputs.read(index, generator)

    def place(self, batch: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
        return self._inputs.place(batch, generator)


def _bytes(tensors: Iterable[torch.Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
