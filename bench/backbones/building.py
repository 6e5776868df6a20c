"""What sources of networks share: strict loading, widths, stages, which part learns."""

import hashlib
import struct
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import nn

from bench.errors import InvalidData

AUXILIARY = ("aux", "AuxLogits")
"""Prefixes of auxiliary classifiers, which are left out with the main one."""
CLASSIFIERS = ("fc", "head", "heads", "classifier")
"""Names of the main classifier, in timm and in torchvision."""
PLAIN = ("fc", "head", "classifier")
"""Names that a single linear layer in a classifier's place is given, whatever the architecture."""
TRAINED_ALONG = frozenset(
    {
        "encoder_k",
        "encoder_q",
        "momentum_encoder",
        "predictor",
        "projection",
        "projection_head",
        "projector",
        "prototypes",
        "queue",
        "queue_ptr",
        "student",
        "teacher",
    }
)
"""What training without labels has beside its network: in such a file a single layer is a projection."""
UNREADABLE = (
    RuntimeError,
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    struct.error,
    SafetensorError,
)
"""What a file raises that is cut off, of another format, or of another network."""


def first_file(folder: Path, stems: Iterable[str]) -> Path | None:
    """Return the first of some names that is a file of weights in a folder; null where none is."""
    candidates = [folder / f"{stem}{suffix}" for stem in stems for suffix in (".safetensors", ".pth")]
    return next((path for path in candidates if path.is_file()), None)


def load_strictly(
    network: nn.Module, checkpoint: Path, convert: Callable[[dict[str, Any], nn.Module], dict[str, Any]] | None = None
) -> dict[str, torch.Tensor]:
    """Load a checkpoint, and return what it holds beside the network: its classifier, what was trained along.

    Raise `InvalidData` where the file lacks a tensor, or has an unknown one in a stage of the network. Nothing is
    unpickled but tensors.
    """
    from timm.models import load_state_dict  # takes seconds, which a network from elsewhere need not wait

    try:
        state = load_state_dict(str(checkpoint), device="cpu", weights_only=True)
        state = convert(state, network) if convert else state
        missing, surplus = network.load_state_dict(state, strict=False)
    except UNREADABLE as error:
        cause = " ".join(str(error).split())[:160] or type(error).__name__
        raise InvalidData(f"{checkpoint}: can't be loaded ({cause}); is it for this network?") from error
    _refuse_misfit(checkpoint, network, missing, surplus)
    return {key: state[key] for key in surplus}


def _refuse_misfit(checkpoint: Path, network: nn.Module, missing: Sequence[str], surplus: Sequence[str]) -> None:
    # older files lack the counter, which nothing depends on where normalisation has a momentum
    lost = [key for key in missing if not key.endswith("num_batches_tracked")]
    # what lies outside the network's own stages belongs to something else that was trained along
    stages = {key.split(".")[0] for key in network.state_dict()}
    strange = [key for key in surplus if key.split(".")[0] in stages and not _is_classifier(key)]
    if lost or strange:
        keys = ", ".join([*lost, *strange][:4])
        raise InvalidData(
            f"{checkpoint}: does not fit the network: {len(lost)} tensors missing, {len(strange)} unknown ({keys}); "
            "give the checkpoint of this very architecture"
        )


def source_head(
    surplus: Mapping[str, torch.Tensor], width: int, names: Sequence[str] = ()
) -> tuple[nn.Linear | None, tuple[str, ...]]:
    """Return the main classifier among the tensors that a file holds beside the network, and the names of all others.

    A classifier is one linear layer on features of this width (B, D), with a bias, for two classes at least, under one
    of the `names` that the architecture gives it, or a plain one. What hangs on several layers is none: the hidden
    layers of a projection, a normalisation before it, a second head whose answers are averaged. There is none either
    where the file holds what contrastive training leaves beside it: the one layer is a projection then.
    """
    name = _classifier_name(surplus, names)
    head = None if name is None else _linear(surplus[f"{name}.weight"], surplus[f"{name}.bias"], width)
    taken = () if head is None else (f"{name}.weight", f"{name}.bias")
    return head, tuple(sorted(key for key in surplus if key not in taken and not key.startswith(AUXILIARY)))


def _classifier_name(surplus: Mapping[str, torch.Tensor], names: Sequence[str]) -> str | None:
    """Return the name of the one layer that is all there is of a classifier; null where there is none or more."""
    if any(part in TRAINED_ALONG for key in surplus for part in key.split(".")):
        return None
    # the architecture's own classifier, before one of any name that somebody put in its place
    for known in (names, PLAIN):
        tops = {name.split(".")[0] for name in known}
        found = {key for key in surplus if key.split(".")[0] in tops}
        if found:
            return next((name for name in (*known, *PLAIN) if found == {f"{name}.weight", f"{name}.bias"}), None)
    return None


def _linear(weight: torch.Tensor, bias: torch.Tensor, width: int) -> nn.Linear | None:
    """Return a linear layer; null where the tensors are none for this width, or answer with less than two classes."""
    classes = len(weight) if weight.ndim else 0
    # a convolution of a single pixel is one too
    if classes < 2 or weight.shape != (classes, width, *[1] * (weight.ndim - 2)) or bias.shape != (classes,):
        return None
    layer = blank_linear(width, classes)
    with torch.no_grad():
        layer.weight.copy_(weight.flatten(1))
        layer.bias.copy_(bias)
    return layer


def blank_linear(width: int, classes: int) -> nn.Linear:
    """Return a layer of zeros; the global generator is left alone."""
    # so that new layers draw the same whether or not this one is made before them
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, width, classes)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _is_classifier(key: str) -> bool:
    return key.startswith(AUXILIARY) or key.split(".")[0] in CLASSIFIERS


def input_width(network: nn.Module, image_size: int) -> int:
    """Return the number of features (D) that the network gives for an image; the global generator is left alone."""
    training = network.training
    network.eval()  # no dropout, and no variance of a batch of one
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
    """Join each group without a matrix, such as a last norm, to the one before it: it is no stage of its own."""
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
    """Return the names in the state of all that must not change: frozen parameters, buffers of modules in `eval()`."""
    names = {name for name, parameter in network.named_parameters() if not parameter.requires_grad}
    for prefix, module in network.named_modules():
        if not module.training:
            names |= {f"{prefix}.{name}".lstrip(".") for name, _ in module.named_buffers(recurse=False)}
    return frozenset(names & set(network.state_dict()))
