"""Adapters of the `peft` library, put into the backbone in place."""

import re
import warnings
from collections.abc import Collection
from typing import Any

import torch

from bench.contracts.training import Task
from bench.methods.adapters.families import family_of, modules_at, output_shapes, weights_at
from bench.methods.descriptions import Factors, LowRank
from bench.registry import require


def add_low_rank(task: Task, update: LowRank, method: str) -> Collection[str]:
    """Put updates of the targets' weights in, which start at zero; return what has dropout."""
    peft = require("peft", method)
    names = weights_at(task.backbone.network, update.targets, method)
    config = peft.LoraConfig(
        r=update.rank,
        lora_alpha=update.alpha,
        lora_dropout=update.dropout,
        use_dora=update.decomposed,
        target_modules=exactly(names),
    )
    inject(task, config, names, method)
    return names if update.dropout else ()


def add_factors(task: Task, factors: Factors, method: str) -> Collection[str]:
    """Put factors in, which start at one; return what has dropout: nothing."""
    peft = require("peft", method)
    network = task.backbone.network
    family = family_of(network, method)
    names = modules_at(network, family.attended, family.mlp_end) or weights_at(network, "convolutions", method)
    inputs = modules_at(network, family.mlp_end)
    config = peft.IA3Config(target_modules=exactly(names), feedforward_modules=exactly(inputs))
    inject(task, config, names, method)
    return ()


def exactly(names: Collection[str]) -> str:
    """Return a regular expression of these names: from a list the library would take longer names that end alike."""
    return "|".join(re.escape(name) for name in names) or "(?!)"


def inject(task: Task, config: Any, names: Collection[str], method: str) -> None:
    """Put adapters into the named modules of the backbone, with random starts from the cell's seed."""
    peft = require("peft", method)
    output_shapes(task, names, method)
    # now, so that the start hangs on the cell's seed and on nothing that was drawn before
    torch.manual_seed(task.seed_of("init"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peft.inject_adapter_in_model(config, task.backbone.network)
    for name in names:
        adapted: Any = task.backbone.network.get_submodule(name)
        magnitudes = list(getattr(adapted, "lora_magnitude_vector", {}).values())
        for magnitude in magnitudes:
            # the library's way can't read kernels that are channels-last, and sends unit vectors through linear maps
            magnitude.get_lora_weight = product
        # the products of a low-rank update take what autocast gives; norms of rows want full precision
        adapted.cast_input_dtype_enabled = bool(magnitudes)


def product(lora_A: Any, lora_B: Any, adapter_name: str | None = None) -> torch.Tensor:  # noqa: N803
    """Return B A in the shape of the weight, whatever the layout of its memory."""
    first: torch.Tensor = lora_A.weight
    second: torch.Tensor = lora_B.weight
    return (second.flatten(1) @ first.flatten(1)).reshape(len(second), *first.shape[1:])
