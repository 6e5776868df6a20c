"""The parts of a training step by their time, and the memory that it holds by kind."""

import contextlib
import statistics
import time
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import nn

from bench.cell.profiling import Rehearsal
from bench.contracts.training import Watch
from bench.machine.devices import synchronise

WARMUP = 3
MIB = 2**20


def profile(rehearsal: Rehearsal) -> dict[str, Any]:
    """Return the median ms of each part of a step, each waited for, and the MiB of each kind of memory.

    `data` reads the batch from memory or disk and augments on the host; `copy` brings it to the device, normalises and
    augments there. Activations are what the forward pass keeps for the backward pass, each storage counted once.
    """
    if rehearsal.fitted.trace is None:
        return {}
    # a pass of its own: a device that is waited for after each part can't overlap them, as it does in the real loop
    watch = Anatomy(rehearsal.cell.device, WARMUP + rehearsal.steps)
    fitted = rehearsal.again(watch)
    weights = _bytes([*fitted.model.parameters(), *fitted.model.buffers()])
    return {
        "anatomy_ms": {
            part: statistics.median(times[WARMUP:] or times[-1:]) * 1000 for part, times in watch.seconds.items()
        },
        "memory_mib_by_kind": {kind: size / MIB for kind, size in {"weights": weights, **watch.bytes}.items()},
    }


class Anatomy(Watch):
    """Waits for the device after each part of a step."""

    def __init__(self, device: str, last_step: int) -> None:
        self.device = device
        self.last_step = last_step
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
        """Count what the second step's forward pass keeps: counting is slow, and that step is warm-up anyway."""
        second = len(self.seconds.get("optimiser", ())) == 1
        return self._counting(module) if second else contextlib.nullcontext()

    def stepped(self, module: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Count gradients and the optimiser's state."""
        if "gradients" in self.bytes:
            return
        self.bytes["gradients"] = _bytes(each.grad for each in module.parameters() if each.grad is not None)
        states = (value for state in optimizer.state.values() for value in state.values())
        self.bytes["optimiser"] = _bytes(value for value in states if isinstance(value, torch.Tensor))


def _bytes(tensors: Iterable[torch.Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
