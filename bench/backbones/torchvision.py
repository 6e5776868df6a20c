"""Networks from torchvision with their weights enum: `torchvision:resnet50@IMAGENET1K_V2`."""

import fnmatch
import os
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torchvision import models
from torchvision.models.vision_transformer import interpolate_embeddings

from bench.backbones.building import first_file, input_width, load_strictly, merge_weightless, source_head
from bench.contracts.data import Places
from bench.contracts.networks import Backbone, InputSpec, WeightsFile
from bench.errors import BenchError, InvalidData, Unavailable
from bench.machine.digests import file_sha256
from bench.registry import unknown

PREFIX = "torchvision:"
SEQUENCES = ("features", "encoder", "layers")
"""Children that hold a network's stages one after another."""


class TorchvisionSource:
    """Classification networks of torchvision."""

    def names(self, pattern: str) -> list[str]:
        """Return the names that match a glob, with and without the weights enum."""
        found = []
        for name in models.list_models(module=models):
            enums = [weights.name for weights in models.get_model_weights(name)]
            found += [f"{PREFIX}{name}", *(f"{PREFIX}{name}@{enum}" for enum in enums)]
        return sorted(fnmatch.filter(found, pattern))

    def tag(self, name: str) -> str:
        """Return the published weights of a name, in torchvision's words: `IMAGENET1K_V2`."""
        return str(_parse(name)[1].name)

    def find(self, name: str, places: Places, download: bool) -> WeightsFile:
        """Take `WEIGHTS_DIR/torchvision/<name>.safetensors` (or `.pth`), else torchvision's checked download."""
        architecture, weights = _parse(name)
        local = _local_file(name, architecture, places)
        if local is not None:
            digest = file_sha256(local)
            return WeightsFile(local, digest, digest, f"file torchvision/{local.name}")
        path = Path(torch.hub.get_dir()) / "checkpoints" / os.path.basename(weights.url)
        if not path.is_file() and not download:
            raise Unavailable(f"{name}: not downloaded yet")
        try:
            # torchvision downloads where it looks for its files, and checks a hash: the state itself is read later
            weights.get_state_dict(progress=False, check_hash=True)
        except (OSError, RuntimeError) as error:
            raise Unavailable(
                f"{name}: no local weights and no download ({error}); put torchvision/{architecture}.pth into a folder "
                "and give it with --weights-dir (make: WEIGHTS_DIR=)"
            ) from error
        digest = file_sha256(path)
        return WeightsFile(path, digest, digest, f"torchvision {architecture} {weights.name}", "bsd-3-clause")

    def build(self, name: str, checkpoint: Path | None, image_size: int) -> Backbone:
        """Make the network without its classifier and without auxiliary heads."""
        architecture, weights = _parse(name)
        preset = weights.transforms()
        sized = {"image_size": image_size} if architecture.startswith("vit_") else {}
        network: Any = models.get_model(architecture, weights=None, **_plain(architecture), **sized)
        classifier = _drop_classifiers(network, name)
        convert = _position_converter(network, image_size) if sized else None
        surplus = load_strictly(network, checkpoint, convert) if checkpoint is not None else {}
        side, crop = preset.resize_size[0], preset.crop_size[0]
        spec = InputSpec(tuple(preset.mean), tuple(preset.std), preset.interpolation.value, crop / side, crop)
        width = input_width(network, image_size)
        stages = merge_weightless(network, _stages(network))
        return Backbone(network, width, stages, spec, *source_head(surplus, width, [classifier]))


def _parse(name: str) -> tuple[str, Any]:
    """Return the architecture and the weights enum's member; the default one where none is named."""
    architecture, _, enum = name.removeprefix(PREFIX).partition("@")
    known = models.list_models(module=models)
    if architecture not in known:
        raise BenchError(unknown("backbone", name, [f"{PREFIX}{known_name}" for known_name in known]))
    choices = models.get_model_weights(architecture)
    if enum and enum not in choices.__members__:
        raise BenchError(
            unknown("weights of", f"{name}", [f"{PREFIX}{architecture}@{member}" for member in choices.__members__])
        )
    return architecture, choices[enum or "DEFAULT"]


def _local_file(name: str, architecture: str, places: Places) -> Path | None:
    if places.weights_dir is None:
        return None
    return first_file(places.weights_dir / "torchvision", [name.removeprefix(PREFIX), architecture])


def _plain(architecture: str) -> dict[str, Any]:
    # what they do by default, which they announce to change, with a warning, unless it is asked for
    return {"init_weights": True} if architecture in ("inception_v3", "googlenet") else {}


def _drop_classifiers(network: Any, name: str) -> str:
    """Replace the last linear layer by nothing, and return its name; features are what it would have seen."""
    _drop_auxiliary(network)
    for attribute in ("fc", "classifier", "heads", "head"):
        head = getattr(network, attribute, None)
        if isinstance(head, nn.Linear):
            setattr(network, attribute, nn.Identity())
            return attribute
        if isinstance(head, nn.Sequential) and isinstance(head[-1], nn.Linear):
            head[-1] = nn.Identity()
            return f"{attribute}.{list(head._modules)[-1]}"
    raise InvalidData(
        f"{name}: its classifier is not a linear layer, so it has no features to transfer; choose another"
    )


def _drop_auxiliary(network: Any) -> None:
    for attribute in ("AuxLogits", "aux1", "aux2"):
        if hasattr(network, attribute):
            setattr(network, attribute, None)
            network.aux_logits = False


def _position_converter(network: Any, image_size: int) -> Any:
    """Return what fits a ViT's position embeddings to another image size."""

    def convert(state: Any, _: Any) -> dict[str, Any]:
        return dict(interpolate_embeddings(image_size, network.patch_size, state))

    return convert


def _stages(network: Any) -> list[tuple[str, ...]]:
    """Group the parameters by the children that run one after another."""
    groups: dict[str, list[str]] = {}
    for name, _ in network.named_parameters():
        parts = name.split(".")
        depth = 1
        while parts[depth - 1] in SEQUENCES and depth < len(parts) - 1:
            depth += 1
        groups.setdefault(".".join(parts[:depth]), []).append(name)
    return [tuple(names) for names in groups.values()]
