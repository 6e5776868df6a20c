"""`hot_loop`: the harness's training loop with its probes on, against a bare loop on the same tensors."""

import copy
import statistics
import time
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from bench.backbones.sources import source_of
from bench.contracts.training import Task, Watch
from bench.data.batches import OutputRows
from bench.learning.training import Loop
from bench.machine.devices import cores
from bench.methods.gradient import PREFIX
from bench.schema import Training
from tests.tools.perf.measured import Line, Outcome
from tests.tools.perf.setting import Setting, tell

BATCH = 64
CLASSES = 10
LONG = 2
"""Blocks of the warm-up."""


def measure(setting: Setting, row: str) -> Outcome:
    """Measure blocks of steps in turns, in this process: a small network shows the loop's own cost best."""
    size, steps, blocks = setting.sizes((32, 8, 40), (32, 4, 4))
    torch.set_num_threads(cores())
    torch.manual_seed(0)
    backbone = source_of("test_resnet").build("test_resnet", None, size)
    model = nn.Sequential(backbone.network, nn.Linear(backbone.width, CLASSES)).to(memory_format=torch.channels_last)
    model.train()
    images = torch.randn(8 * BATCH, 3, size, size).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(CLASSES, (len(images),))
    bare_model = copy.deepcopy(model)
    task = _task(backbone, labels, steps)
    wall: dict[str, list[float]] = {"harness": [], "bare": []}
    cpu: dict[str, list[float]] = {"harness": [], "bare": []}
    for block in range(LONG + blocks):
        for name in ("harness", "bare") if block % 2 == 0 else ("bare", "harness"):
            began = time.process_time()
            seconds = _harness(task, model, images) if name == "harness" else _bare(bare_model, images, labels, steps)
            if block >= LONG:
                wall[name].append(statistics.median(seconds))
                cpu[name].append(time.process_time() - began)
    ratios = [bare / ours for ours, bare in zip(wall["harness"], wall["bare"], strict=True)]
    overall = statistics.median(wall["bare"]) / statistics.median(wall["harness"])
    tell(f"{row}: {overall:.3f} of the bare loop's speed over {blocks} blocks of {steps} steps")
    line = Line(
        row,
        f"the harness's loop (test_resnet at {size} px, batch {BATCH}, AdamW, {steps} steps a block), stamps, schedule "
        "and looks at the loss included",
        "forward, cross entropy, backward, step: a bare loop on the same tensors, in turns in the same process",
        0.99,
        [overall],
        note=f"medians of {blocks} blocks each; single pairs of blocks {min(ratios):.2f} to {max(ratios):.2f}",
    )
    return Outcome([line], raw={"median_step_s": wall, "block_cpu_s": cpu, "block_ratios": ratios})


def _task(backbone: Any, labels: torch.Tensor, steps: int) -> Task:
    return Task(
        backbone=backbone,
        n_classes=CLASSES,
        images=np.zeros((0, 1, 1, 3), np.uint8),
        labels=labels.numpy(),
        fit_index=np.arange(len(labels)),
        val_index=np.arange(0),
        outputs=lambda part, view: torch.zeros(0),
        training=Training(steps=steps, batch_size=BATCH, checkpoints=1),
        device="cpu",
        precision="fp32",
        seed_of=lambda use: 0,
        progress=lambda what, done, total: None,
        watch=Watch(),
    )


def _harness(task: Task, model: nn.Module, images: torch.Tensor) -> list[float]:
    groups = [{"params": list(model.parameters()), "lr": 1e-4}]
    loop = Loop(task, model, OutputRows(images, "cpu"), groups, lambda name: name.startswith(PREFIX))
    return list(loop.run().trace.wall_s)[1:]


def _bare(model: nn.Module, images: torch.Tensor, labels: torch.Tensor, steps: int) -> list[float]:
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.0, fused=True)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    seconds = []
    for step in range(steps):
        began = time.perf_counter()
        index = order[step * BATCH : (step + 1) * BATCH]
        batch = images[index].contiguous(memory_format=torch.channels_last)
        optimizer.zero_grad(set_to_none=True)
        functional.cross_entropy(model(batch), labels[index]).backward()
        optimizer.step()
        seconds.append(time.perf_counter() - began)
    return seconds[1:]
