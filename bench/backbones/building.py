"""What sources of networks have in common: strict loading, widths, stages, which part learns."""

import hashlib
import struct
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import nn

from bench.errors import InvalidData

AUXILIARY = ("aux", "AuxLogits")
"""Prefixes of auxiliary classifiers, which are left out with the main one."""


def load_strictly(
    network: nn.Module, checkpoint: Path, convert: Callable[[dict[str, Any], nn.Module], dict[str, Any]] | None = None
) -> dict[str, torch.Tensor]:
    """Load a checkpoint whose only surplus is a classifier, and return that; nothing is unpickled but tensors."""
    from timm.models import load_state_dict

    try:
        state = load_state_dict(str(checkpoint), device="cpu", weights_only=True)
        state = convert(state, network) if convert else state
        missing, surplus = network.load_state_dict(state, strict=False)
    except (
        RuntimeError,
        OSError,
        EOFError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        struct.error,
        SafetensorError,
    ) as error:
        cause = " ".join(str(error).split())[:160] or type(error).__name__
        raise InvalidData(f"{checkpoint}: can't be loaded ({cause}); is it for this network?") from error
    lost = [key for key in missing if not key.endswith("num_batches_tracked")]
    stages = {key.split(".")[0] for key in network.state_dict()}
    strange = [key for key in surplus if key.split(".")[0] in stages and not _is_classifier(key)]
    if lost or strange:
        keys = ", ".join([*lost, *strange][:4])
        raise InvalidData(
            f"{checkpoint}: does not fit the network: {len(lost)} tensors missing, {len(strange)} unknown ({keys}); "
            "give the checkpoint of this very architecture"
        )
    return {key: state[key] for key in surplus}


def source_head(surplus: Mapping[str, torch.Tensor], width: int) -> nn.Linear | None:
    """Return the classifier of a weights' file, from what it holds beside the network; null where none fits (B, D)."""
    for key, weight in surplus.items():
        stem, _, kind = key.rpartition(".")
        if kind != "weight" or key.startswith(AUXILIARY) or not _is_classifier(key) or weight.ndim < 2:
            continue
        matrix = weight.flatten(1)  # a convolution of a single pixel is one too
        if matrix.shape[1] == width:
            bias = surplus.get(f"{stem}.bias")
            head = blank_linear(width, len(matrix))
            with torch.no_grad():
                head.weight.copy_(matrix)
                if bias is not None:
                    head.bias.copy_(bias)
            return head
    return None


def blank_linear(width: int, classes: int) -> nn.Linear:
    """Return a layer of zeros; the global generator is left alone."""
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, width, classes)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _is_classifier(key: str) -> bool:
    return key.startswith(AUXILIARY) or key.split(".")[0] in ("fc", "head", "heads", "classifier")


def input_width(network: nn.Module, image_size: int) -> int:
    """Return the number of features (D) that the network gives for an image; the global generator is left alone."""
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            features = network(torch.zeros(1, 3, image_size, image_size))
    except RuntimeError as error:
        raise InvalidData(
            f"image_size {image_size} is too small or of the wrong kind for this network ({str(error).splitlines()[0]})"
        ) from error
    network.train(training)
    if features.ndim != 2:
        raise InvalidData(f"the network gives features of shape {tuple(features.shape)} in place of (1, D)")
    return int(features.shape[1])


def merge_weightless(network: nn.Module, stages: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Join each group that holds no matrix (a norm alone) to the one before it: no stage of its own."""
    shapes = {name: parameter.ndim for name, parameter in network.named_parameters()}
    merged: list[tuple[str, ...]] = []
    for stage in stages:
        if merged and all(shapes[name] < 2 for name in stage):
            merged[-1] += stage
        else:
            merged.append(stage)
    return tuple(merged)


def state_sha256(state: dict[str, torch.Tensor], names: Collection[str] | None = None) -> str:
    """Return the SHA-256 of a state's tensors, bit for bit; of those in `names` where it is given."""
    digest = hashlib.sha256()
    for name in sorted(state):
        if names is None or name in names:
            tensor = state[name].detach().cpu().contiguous()
            digest.update(name.encode())
            digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def train_only(network: nn.Module, parameters: Collection[str]) -> None:
    """Let the named parameters learn, and nothing else.

    A module all of whose parameters learn is put into training mode with all that is in it; everything else is in
    `eval()`, so that frozen normalisation keeps its statistics and frozen dropout does nothing.
    """
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in parameters)
    network.eval()
    _train_modules(network)


def _train_modules(module: nn.Module) -> None:
    flags = {parameter.requires_grad for parameter in module.parameters()}
    if flags == {True}:
        module.train()
    elif True in flags:
        for child in module.children():
            _train_modules(child)


def frozen_names(network: nn.Module) -> frozenset[str]:
    """Names in the state of all that must not change: frozen parameters, and buffers of modules in `eval()`."""
    names = {name for name, parameter in network.named_parameters() if not parameter.requires_grad}
    for prefix, module in network.named_modules():
        if not module.training:
            names |= {f"{prefix}.{name}".lstrip(".") for name, _ in module.named_buffers(recurse=False)}
    return frozenset(names & set(network.state_dict()))
