"""Where adapters go: a table of places by family of networks, and the look-up in a network."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import torch
from torch import nn

from bench.contracts.training import Task
from bench.errors import InvalidData
from bench.learning.training import evaluating


@dataclass(frozen=True)
class Family:
    """Names of modules by what they are to their block, as regular expressions; empty where there are none."""

    attention: str = ""
    """Linear maps of the attention."""
    attended: str = ""
    """Those whose outputs are attended to: keys and values."""
    mlp: str = ""
    """Linear maps of the feed-forward part."""
    mlp_end: str = ""
    """The last of them, which takes the hidden activations."""
    convolutions: str = ""
    """Convolutions of the blocks, never those of the stem, and never depthwise ones."""
    attention_out: str = ""
    """Modules that give what the attention adds to the residual stream, (..., D)."""
    mlp_out: str = ""
    """Modules that give what the feed-forward part adds to it, (..., D)."""
    convolution_out: str = ""
    """Convolutions behind which a residual adapter stands."""
    blocks: str = ""
    """Blocks that map a sequence of tokens (B, N, D) to one alike, whatever N."""


def _timm_blocks(block: str, sequence: bool = False) -> Family:
    return Family(
        attention=rf"{block}\.attn\.(qkv|proj)",
        attended=rf"{block}\.attn\.qkv",
        mlp=rf"{block}\.mlp\.fc[12]",
        mlp_end=rf"{block}\.mlp\.fc2",
        attention_out=rf"{block}\.attn",
        mlp_out=rf"{block}\.mlp",
        blocks=block if sequence else "",
    )


_RESNET = Family(
    convolutions=r"layer[1-4]\.\d+\.conv[123]",
    convolution_out=r"layer[1-4]\.\d+\.conv[123]",
)
_INVERTED = Family(
    convolutions=r"blocks\.\d+\.\d+\.(conv_pw|conv_pwl)",
    convolution_out=r"blocks\.\d+\.\d+\.conv_pwl",
)
_TORCHVISION_INVERTED = Family(
    convolutions=r"features\.\d+(\.\d+)?\.block\.\d+\.0",
    convolution_out=r"features\.\d+(\.\d+)?\.block\.3\.0",
)
_TORCHVISION_VIT = r"encoder\.layers\.encoder_layer_\d+"

FAMILIES: Mapping[tuple[str, str], Family] = {
    ("timm", "VisionTransformer"): _timm_blocks(r"blocks\.\d+", sequence=True),
    ("timm", "SwinTransformer"): _timm_blocks(r"layers\.\d+\.blocks\.\d+"),
    ("timm", "ConvNeXt"): Family(
        mlp=r"stages\.\d+\.blocks\.\d+\.mlp\.fc[12]",
        mlp_end=r"stages\.\d+\.blocks\.\d+\.mlp\.fc2",
        mlp_out=r"stages\.\d+\.blocks\.\d+\.mlp",
    ),
    ("timm", "ResNet"): _RESNET,
    ("timm", "EfficientNet"): _INVERTED,
    ("timm", "MobileNetV3"): _INVERTED,
    # its attention reads the weights of its maps and never calls them: nothing put around those would be heard
    ("torchvision", "VisionTransformer"): Family(
        mlp=rf"{_TORCHVISION_VIT}\.mlp\.[03]",
        mlp_end=rf"{_TORCHVISION_VIT}\.mlp\.3",
        attention_out=rf"{_TORCHVISION_VIT}\.dropout",
        mlp_out=rf"{_TORCHVISION_VIT}\.mlp",
        blocks=_TORCHVISION_VIT,
    ),
    ("torchvision", "SwinTransformer"): Family(
        mlp=r"features\.\d+\.\d+\.mlp\.[03]",
        mlp_end=r"features\.\d+\.\d+\.mlp\.3",
        attention_out=r"features\.\d+\.\d+\.attn",
        mlp_out=r"features\.\d+\.\d+\.mlp",
    ),
    ("torchvision", "ConvNeXt"): Family(
        mlp=r"features\.\d+\.\d+\.block\.[35]",
        mlp_end=r"features\.\d+\.\d+\.block\.5",
        mlp_out=r"features\.\d+\.\d+\.block\.5",
    ),
    ("torchvision", "ResNet"): _RESNET,
    ("torchvision", "EfficientNet"): _TORCHVISION_INVERTED,
    ("torchvision", "MobileNetV2"): Family(
        convolutions=r"features\.\d+\.conv\.(\d+|\d+\.0)",
        convolution_out=r"features\.\d+\.conv\.\d+",
    ),
}
"""By the library and the class of the network. A class that derives from one of these has its places."""

GROUPS = ("attention", "mlp", "convolutions")


def family_of(network: nn.Module, method: str, otherwise: str = "") -> Family:
    """Return a network's family; one without is refused, `otherwise` says what else could be written."""
    for cls in type(network).__mro__:
        known = FAMILIES.get((cls.__module__.split(".")[0], cls.__name__))
        if known is not None:
            return known
    names = ", ".join(sorted({f"{library}'s {name}" for library, name in FAMILIES}))
    raise InvalidData(
        f"{method}: where it goes in a {type(network).__name__} is not known, only in {names}; "
        f"take such a backbone{otherwise}"
    )


def modules_at(network: nn.Module, *patterns: str) -> list[str]:
    """Return the names of the modules that one of some regular expressions fits as a whole."""
    fits = [re.compile(pattern).fullmatch for pattern in patterns if pattern]
    return [name for name, _ in network.named_modules() if any(fit(name) for fit in fits)]


def weights_at(network: nn.Module, targets: str, method: str) -> list[str]:
    """Return the linear maps and plain convolutions that `targets` stands for; none at all is refused.

    `targets` is a group of the family's places, `all` of them, `auto` (the attention, or all where the table has none)
    or a regular expression of module names. Grouped, depthwise and dilated convolutions are left out.
    """
    targets, patterns = _places(network, targets, method)
    try:
        names = modules_at(network, *patterns)
    except re.error as error:
        raise InvalidData(
            f"{method}: targets {targets!r}: no regular expression ({error}); write {', '.join(GROUPS)}, all or auto"
        ) from error
    names = [name for name in names if is_plain(network.get_submodule(name))]
    if not names:
        raise InvalidData(
            f"{method}: targets {targets}: fits no linear map and no plain convolution of a "
            f"{type(network).__name__}; write all, or a regular expression of its modules' names"
        )
    return names


def _places(network: nn.Module, targets: str, method: str) -> tuple[str, list[str]]:
    """Return what `auto` comes to in a network, or `targets` itself, and the regular expressions that it stands for."""
    if targets not in (*GROUPS, "auto", "all"):
        return targets, [targets]
    family = family_of(network, method, ", or write targets: <regular expression of its modules' names>")
    if targets == "auto":
        targets = "attention" if family.attention else "all"
    return targets, [getattr(family, group) for group in (GROUPS if targets == "all" else (targets,))]


def is_plain(module: nn.Module) -> bool:
    """Say whether a module is a linear map or convolution to which a product of two smaller ones can be added."""
    if type(module) is nn.Conv2d:
        return module.groups == 1 and module.dilation == (1, 1)
    return type(module) is nn.Linear


def output_shapes(task: Task, names: Collection[str], method: str) -> dict[str, torch.Size]:
    """Return what each module gives for one image; one that is never called is refused.

    Some networks read a module's weight and never call it: what is put around it would do nothing.
    """
    network, side = task.backbone.network, task.images.shape[1]
    shapes: dict[str, torch.Size] = {}

    def note(name: str) -> Callable[[nn.Module, object, torch.Tensor], None]:
        def hook(module: nn.Module, inputs: object, output: torch.Tensor) -> None:
            shapes[name] = output.shape

        return hook

    handles = [network.get_submodule(name).register_forward_hook(note(name)) for name in names]
    try:
        with evaluating(network), torch.no_grad():
            network(torch.zeros(1, 3, side, side, device=task.device))
    finally:
        for handle in handles:
            handle.remove()
    unheard = [name for name in names if name not in shapes]
    if unheard:
        raise InvalidData(
            f"{method}: {unheard[0]} is never called by the network, which reads its weight itself: an adapter there "
            "would do nothing; write other targets"
        )
    return shapes
