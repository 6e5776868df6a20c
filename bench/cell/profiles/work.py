"""How much arithmetic a network takes, and what share of the machine's peak a training step reaches."""

import time
from collections.abc import Sequence
from typing import Any

import torch

from bench.cell.arithmetic import Uncountable, count
from bench.cell.profiling import Rehearsal, keep, once
from bench.contracts.training import Fitted
from bench.machine.devices import synchronise
from bench.machine.environment import machine

GIGA = 1e9
SIDES = {"cpu": 2048, "mps": 4096, "cuda": 8192}
"""Rows of the square matrices whose product is timed for the peak, by device."""
PRODUCTS = (((1.0, 1.0, 1.0), 1), ((0.5, 0.5, 0.5), 4), ((0.25, 0.25, 0.25), 16))
"""Products as multiples of that side (rows, the sum's length, columns), and how many in a row.

On a busy machine a short one is done before its neighbours have their turn."""
MORE = (*PRODUCTS, ((1.5, 1.5, 1.5), 1), ((4.0, 0.5, 0.5), 1))
"""Those that are tried where that peak was too low."""
PEAK_S, AGAIN_S = 1.5, 3.0
"""So long are they tried in turns, each once at least."""


def profile(rehearsal: Rehearsal) -> dict[str, Any]:
    """Return GFLOP of a forward pass and of a step, the measured peak, and the share of it that steps reach.

    A step is what the loop runs on a full batch: the forward pass, and the backward pass as autograd computes it, so
    that a factor without need of a gradient takes none. What can't be counted, or reaches more than the peak, is
    null with a reason.
    """
    fitted, cell = rehearsal.fitted, rehearsal.cell
    fields: dict[str, Any] = {"peak_gflop_per_s": _known_peak(rehearsal) / GIGA}
    try:
        fields["forward_gflop"] = forward_flop(fitted, cell.image_size) / GIGA
        if fitted.trace is None:
            return fields
        per_step = step_flop(fitted, cell.image_size, fitted.trace.batch_effective)
    except Uncountable as error:
        lacking = {} if fitted.trace is None else {"mfu_reason": "its FLOP are not counted"}
        return {**fields, **lacking, "flop_reason": str(error)}
    if fitted.trace.growing:
        return {**fields, "mfu_reason": "more learns from step to step: no step stands for all"}
    return {**fields, "step_gflop": per_step / GIGA, **utilisation(rehearsal, per_step)}


def forward_flop(fitted: Fitted, image_size: int) -> int:
    """Return the FLOP of a forward pass of the whole adapted network for one image; raise `Uncountable`."""
    return count(fitted.model, _images(1, image_size), learning=False).forward


def step_flop(fitted: Fitted, image_size: int, batch: int) -> int:
    """Return the FLOP of a training step on so many images; raise `Uncountable`."""
    inputs = _images(batch, image_size)
    if fitted.part is not None:
        # the loop starts behind the frozen part, whose outputs are computed once and take no gradient
        inputs = count(fitted.part.module, inputs, learning=False).output
    counted = count(fitted.module, inputs)
    return counted.forward + counted.backward


def _images(batch: int, image_size: int) -> torch.Tensor:
    return torch.empty(batch, 3, image_size, image_size, device="meta")


def utilisation(rehearsal: Rehearsal, per_step: float) -> dict[str, Any]:
    """Return the share of the peak that a step of so many FLOP reaches, and the peak; or why it can't be told."""
    step_s, cell = rehearsal.step_s, rehearsal.cell
    if not step_s:
        return {"mfu_reason": "no step on a full batch after the warm-up"}
    reached, peak = per_step / step_s, _known_peak(rehearsal)
    if reached > peak:  # no machine computes faster than it can: the peak was measured while it was busy
        peak = max(peak, peak_again(cell.device, cell.precision))
        keep(rehearsal.folder, _peak_key(rehearsal), {"flop_per_s": peak})
    fields = {"peak_gflop_per_s": peak / GIGA}
    if reached > peak:
        return {
            **fields,
            "mfu_reason": f"a step reaches {reached / peak * 100:,.0f} % of the peak, which was measured twice",
        }
    return {**fields, "mfu": reached / peak}


def _peak_key(rehearsal: Rehearsal) -> dict[str, Any]:
    cell = rehearsal.cell
    return {"peak": cell.precision, "threads": cell.threads, "device": cell.device, "machine": machine(cell.device)}


def _known_peak(rehearsal: Rehearsal) -> float:
    """Return the FLOP per second that were measured in this run; measure them where they were not."""
    cell = rehearsal.cell
    kept = once(
        rehearsal.folder,
        _peak_key(rehearsal),
        lambda: {"flop_per_s": peak_flop_per_s(cell.device, cell.precision)},
    )
    return float(kept["flop_per_s"])


def peak_flop_per_s(device: str, precision: str) -> float:
    """Return the FLOP per second of large matrix products, the best of many."""
    return _best_of(PRODUCTS, PEAK_S, device, precision)


def peak_again(device: str, precision: str) -> float:
    """Return the same of more shapes, for longer."""
    return _best_of(MORE, AGAIN_S, device, precision)


def _best_of(products: Sequence[tuple[Sequence[float], int]], seconds: float, device: str, precision: str) -> float:
    side = SIDES[device.partition(":")[0]]
    best, began = 0.0, time.perf_counter()
    while not best or time.perf_counter() - began < seconds:
        for factors, times in products:
            rows, inner, columns = (int(factor * side) for factor in factors)
            best = max(best, _flop_per_s((rows, inner, columns), device, precision, times))
    return best


def _flop_per_s(shape: tuple[int, int, int], device: str, precision: str, times: int) -> float:
    rows, inner, columns = shape
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    left, right = (torch.randn(*each, device=device).to(dtype) for each in ((rows, inner), (inner, columns)))
    seconds = []  # the best of them counts: neighbours only ever add to it
    for _ in range(times):
        synchronise(device)
        began = time.perf_counter()
        torch.mm(left, right)
        synchronise(device)
        seconds.append(time.perf_counter() - began)
    return 2 * rows * inner * columns / min(seconds)
