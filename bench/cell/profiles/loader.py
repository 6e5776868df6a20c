"""Whether a step waits for its data: real steps against steps on a batch that is there already, in turns."""

import statistics
from typing import Any

import torch

from bench.cell.profiling import Rehearsal
from bench.contracts.training import Inputs, Watch
from bench.data.batches import Index

WARMUP = 4
BOUND_FROM = 1.1
"""Time on real data over time on data that is there, from which the loader is what holds a step up."""


def profile(rehearsal: Rehearsal) -> dict[str, Any]:
    """Return the ratio of the medians and the verdict; the loop runs as always, nothing waits in between."""
    if rehearsal.fitted.trace is None:
        return {}
    watch = Turns(WARMUP + 2 * rehearsal.steps)
    trace = rehearsal.again(watch).trace
    assert trace is not None
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for step, (took, images) in enumerate(zip(trace.wall_s, trace.images, strict=True)):
        if step >= WARMUP and images == max(trace.images):
            seconds[watch.twins[step]].append(took)
    if not all(seconds.values()):
        return {}
    ratio = statistics.median(seconds[False]) / statistics.median(seconds[True])
    return {"synthetic_ratio": ratio, "bound_by": "loader" if ratio > BOUND_FROM else "compute"}


class Turns(Watch):
    """Lets every other step of equal size have the batch of the step before it."""

    def __init__(self, last_step: int) -> None:
        self.last_step = last_step
        self.twins: list[bool] = []
        """Of each step, whether its batch was there already."""

    def inputs(self, inputs: Inputs) -> Inputs:
        """Return the inputs with every other batch kept."""
        return _Turns(inputs, self.twins)


class _Turns:
    def __init__(self, inputs: Inputs, twins: list[bool]) -> None:
        self._inputs = inputs
        self._twins = twins
        self._kept: dict[int, torch.Tensor] = {}
        """By size: the batch of a real step, until its twin has had it."""

    def read(self, index: Index, generator: torch.Generator | None) -> torch.Tensor:
        twin = self._kept.get(len(index))
        self._twins.append(twin is not None)
        return self._inputs.read(index, generator) if twin is None else twin

    def place(self, batch: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
        if self._twins[-1]:
            return self._kept.pop(len(batch))
        placed = self._kept[len(batch)] = self._inputs.place(batch, generator)
        return placed
