"""How much arithmetic a network takes, and what share of the machine's peak a training step reaches."""

import copy
import time
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bench.cell.profiling import Rehearsal, once
from bench.contracts.training import Fitted
from bench.machine.devices import synchronise
from bench.machine.environment import machine

GIGA = 1e9
PRODUCTS = 6
SIDES = {"cpu": 2048, "mps": 4096, "cuda": 8192}
"""Rows of the square matrices whose product is timed for the peak, by device."""


def profile(rehearsal: Rehearsal) -> dict[str, Any]:
    """Return GFLOP of a forward pass and of a step, the measured peak, and the share of it that steps reach.

    FLOP are counted on torch's meta device, a multiplication with its addition as two. A step is the forward pass of
    what the loop runs, plus twice the part of it through which gradients pass, the usual count for MFU (PaLM, Chowdhery
    et al., 2022); only once where that part has weights and all are frozen. Nothing is returned where a network can't
    run without data.
    """
    fitted, cell = rehearsal.fitted, rehearsal.cell
    counted = count(fitted, cell.image_size)
    if counted is None:
        return {}
    forward, step = counted
    key = {"peak": cell.precision, "threads": cell.threads, "device": cell.device, "machine": machine(cell.device)}
    peak = once(rehearsal.folder, key, lambda: {"flop_per_s": peak_flop_per_s(cell.device, cell.precision)})
    fields = {"forward_gflop": forward / GIGA, "peak_gflop_per_s": peak["flop_per_s"] / GIGA}
    trace = fitted.trace
    if trace is None:
        return fields
    per_step = step * trace.batch_effective
    mfu = per_step / rehearsal.step_s / peak["flop_per_s"]
    return {**fields, "step_gflop": per_step / GIGA, "mfu": mfu}


def count(fitted: Fitted, image_size: int) -> tuple[int, int] | None:
    """Return the FLOP of one image: of the whole network forward, and of a training step; null where it can't run."""
    try:
        forward, backward = _flop(fitted.model, image_size)
        before, flagged = _flop(fitted.part.module, image_size) if fitted.part else (0, 0)
    except (RuntimeError, NotImplementedError):
        return None
    # the loop starts behind the frozen part, whose outputs are computed once
    return forward, forward - before + backward - flagged


def _flop(model: nn.Module, image_size: int) -> tuple[int, int]:
    """Return the FLOP of a forward pass and of a backward pass."""
    model = copy.deepcopy(model).to("meta").eval()
    counter = FlopCounterMode(display=False)
    open_modules: list[list[int]] = []
    backward = 0

    def enter(module: nn.Module, inputs: Any) -> None:
        open_modules.append([counter.get_total_flops(), 0])

    def leave(module: nn.Module, inputs: Any, output: Any) -> None:
        nonlocal backward
        before, inside = open_modules.pop()
        everything = counter.get_total_flops() - before
        if isinstance(output, torch.Tensor) and output.requires_grad:
            flags = [parameter.requires_grad for parameter in module.parameters(recurse=False)]
            # frozen weights get no gradient of their own: only their inputs do
            backward += (1 if flags and not any(flags) else 2) * (everything - inside)
        if open_modules:
            open_modules[-1][1] += everything

    for module in model.modules():
        module.register_forward_pre_hook(enter)
        module.register_forward_hook(leave)
    with counter:
        model(torch.empty(1, 3, image_size, image_size, device="meta"))
    return counter.get_total_flops(), backward


def peak_flop_per_s(device: str, precision: str) -> float:
    """Return the FLOP per second of a large matrix product, the best of a few."""
    side = SIDES[device.partition(":")[0]]
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    matrix = torch.randn(side, side, device=device).to(dtype)
    seconds = []  # the best of them counts: neighbours only ever add to it
    for _ in range(PRODUCTS):
        synchronise(device)
        began = time.perf_counter()
        torch.mm(matrix, matrix)
        synchronise(device)
        seconds.append(time.perf_counter() - began)
    return 2 * side**3 / min(seconds)
