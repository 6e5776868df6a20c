"""Whether a step waits for its data: steps on real data, in turns with steps whose batch is there already."""

import statistics
from typing import Any

import torch

from bench.cell.profiling import Rehearsal
from bench.contracts.training import Inputs, Trace, Watch
from bench.data.batches import Index

WARMUP = 4
BOUND_FROM = 1.1
"""Ratio of the time on real data to that on data that is there, from which a step is bound by its loader."""
PASSES = 2
"""A ratio that can't be is measured so often."""


def profile(rehearsal: Rehearsal) -> dict[str, Any]:
    """Return the ratio of the medians and the verdict, or why there is none; nothing in the loop waits for the device.

    Data that is there already can't make a step slower. Where it seems to, by as much as would make a verdict, both
    kinds of steps are measured once more, and judged by all of them.
    """
    if rehearsal.fitted.trace is None:
        return {}
    real: list[float] = []
    there: list[float] = []
    ratio = 0.0
    for _ in range(PASSES):
        watch = Turns(rehearsal.steps_to(WARMUP + 2 * rehearsal.steps))
        trace = rehearsal.again(watch).trace
        assert trace is not None
        if len(watch.twins) != len(trace.images):
            return {"bound_by_reason": "the method trains in more than one loop"}
        real += _seconds(trace, watch.twins, twin=False)
        there += _seconds(trace, watch.twins, twin=True)
        if not real or not there or not statistics.median(there):
            return {"bound_by_reason": f"too few full batches after {WARMUP} steps of warm-up, or too short ones"}
        ratio = statistics.median(real) / statistics.median(there)
        if ratio * BOUND_FROM >= 1:
            return {"synthetic_ratio": ratio, "bound_by": "loader" if ratio > BOUND_FROM else "compute"}
    slower = f"steps on data that was there seemed to take {1 / max(ratio, 1e-9):.2f} times as long as on real data"
    return {"bound_by_reason": f"{slower}, in {PASSES} passes"}


def _seconds(trace: Trace, twins: list[bool], twin: bool) -> list[float]:
    """Return the seconds of the steps of either kind on full batches, without warm-up."""
    return [trace.wall_s[step] for step in trace.full if step >= WARMUP and twins[step] == twin]


class Turns(Watch):
    """Gives every other step the batch of the step before it of equal size."""

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
        """By size: the batch of a real step, kept until its twin has taken it."""

    def read(self, index: Index, generator: torch.Generator | None) -> torch.Tensor:
        twin = self._kept.get(len(index))
        self._twins.append(twin is not None)
        return self._inputs.read(index, generator) if twin is None else twin

    def place(self, batch: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
        if self._twins[-1]:
            return self._kept.pop(len(batch))
        placed = self._kept[len(batch)] = self._inputs.place(batch, generator)
        return placed
