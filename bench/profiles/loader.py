"""Whether a step waits for its data: real steps against steps on a batch that is there already, in turns."""

import statistics
from typing import Any

import torch

from bench.data.batches import Index, Inputs
from bench.profiling import Rehearsal
from bench.watching import Watch

WARMUP = 4
BOUND_FROM = 1.1
"""Time on real data over time on data that is there, from which the loader is what holds a step up."""


def profile(rehearsal: Rehearsal) -> dict[str, Any]:
    """Return the ratio of the medians and the verdict; the loop runs as always, nothing waits in between."""
    if rehearsal.fitted.trace is None:
        return {}
    trace = rehearsal.again(Turns(WARMUP + 2 * rehearsal.steps)).trace
    assert trace is not None
    measured = list(enumerate(zip(trace.wall_s, trace.images, strict=True)))[WARMUP:]
    whole = [(step, seconds) for step, (seconds, images) in measured if images == max(trace.images)]
    real, twin = ([seconds for step, seconds in whole if step % 2 == turn] for turn in (0, 1))
    if not real or not twin:
        return {}
    ratio = statistics.median(real) / statistics.median(twin)
    return {"synthetic_ratio": ratio, "bound_by": "loader" if ratio > BOUND_FROM else "compute"}


class Turns(Watch):
    """Lets every other step have the batch of the step before it."""

    def __init__(self, last_step: int) -> None:
        self.last_step = last_step

    def inputs(self, inputs: Inputs) -> Inputs:
        """Return the inputs with every other batch kept."""
        return _Turns(inputs)


class _Turns:
    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._step = -1
        self._kept: torch.Tensor | None = None

    def read(self, index: Index, generator: torch.Generator | None) -> torch.Tensor:
        self._step += 1
        if self._is_twin(len(index)):
            assert self._kept is not None
            return self._kept
        return self._inputs.read(index, generator)

    def place(self, batch: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
        if batch is self._kept:
            return batch
        self._kept = self._inputs.place(batch, generator)
        return self._kept

    def _is_twin(self, size: int) -> bool:
        return self._step % 2 == 1 and self._kept is not None and len(self._kept) == size
