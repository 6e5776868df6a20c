"""Places for adapters: in the table's families they are there and are heard; elsewhere the reason is said."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import timm
import torch
from torch import nn
from torchvision import models

from bench.contracts.data import Places
from bench.errors import InvalidData
from bench.methods.adapters.families import FAMILIES, family_of, is_plain, modules_at, output_shapes, weights_at
from tests.material.adapted import prepare

NETWORKS = {
    ("timm", "VisionTransformer"): "test_vit",
    ("timm", "SwinTransformer"): "swin_tiny_patch4_window7_224",
    ("timm", "ConvNeXt"): "test_convnext",
    ("timm", "ResNet"): "test_resnet",
    ("timm", "EfficientNet"): "mobilenetv2_100",
    ("timm", "MobileNetV3"): "mobilenetv3_small_050",
    ("torchvision", "VisionTransformer"): "vit_b_16",
    ("torchvision", "SwinTransformer"): "swin_t",
    ("torchvision", "ConvNeXt"): "convnext_tiny",
    ("torchvision", "ResNet"): "resnet18",
    ("torchvision", "EfficientNet"): "efficientnet_b0",
    ("torchvision", "MobileNetV2"): "mobilenet_v2",
}
SIDES = {"test_vit": 160}


def on_meta(key: tuple[str, str]) -> nn.Module:
    """Return a network of a family without its memory."""
    name = NETWORKS[key]
    with torch.device("meta"):
        network: nn.Module = timm.create_model(name) if key[0] == "timm" else models.get_model(name)
    return network


def a_task(network: nn.Module, side: int, device: str = "meta") -> Any:
    """Return what a look-up needs of a task."""
    images = np.zeros((1, side, side, 3), np.uint8)
    return SimpleNamespace(backbone=SimpleNamespace(network=network), images=images, device=device)


@pytest.mark.parametrize("key", NETWORKS, ids="-".join)
def test_every_place_of_a_family_is_there_and_is_heard(key: tuple[str, str]) -> None:
    """Each expression fits something that is called; neither the stem nor the classifier is among the targets."""
    network = on_meta(key)
    family = family_of(network, "lora")
    assert family is FAMILIES[key]
    names: set[str] = set()
    for pattern in dataclasses.astuple(family):
        found = modules_at(network, pattern)
        assert bool(found) == bool(pattern), pattern
        names |= set(found)
    shapes = output_shapes(a_task(network, SIDES.get(NETWORKS[key], 224)), sorted(names), "lora")
    assert set(shapes) == names
    targets = weights_at(network, "all", "lora")
    assert len(targets) >= 8
    weighty = [name for name, module in network.named_modules() if isinstance(module, (nn.Linear, nn.Conv2d))]
    assert weighty[0] not in targets
    assert weighty[-1] not in targets
    assert all(is_plain(network.get_submodule(name)) for name in targets)


def test_the_table_is_tried_as_a_whole() -> None:
    """A family without a network here is untested."""
    assert set(NETWORKS) == set(FAMILIES)


def test_depthwise_convolutions_are_left_out() -> None:
    """Though an expression fits them."""
    network = on_meta(("timm", "EfficientNet"))
    found = weights_at(network, r"blocks\.1\.0\..*", "lora")
    assert found == ["blocks.1.0.conv_pw", "blocks.1.0.conv_pwl"]


def test_auto_is_the_attention_where_there_is_any() -> None:
    """Else all that is known."""
    vit, resnet = on_meta(("timm", "VisionTransformer")), on_meta(("timm", "ResNet"))
    assert weights_at(vit, "auto", "lora") == weights_at(vit, "attention", "lora")
    assert len(weights_at(vit, "all", "lora")) == 2 * len(weights_at(vit, "attention", "lora"))
    assert weights_at(resnet, "auto", "lora") == weights_at(resnet, "convolutions", "lora")


class Reads(nn.Module):
    """A network that reads a weight and never calls the layer."""

    def __init__(self) -> None:
        super().__init__()
        self.called = nn.Conv2d(3, 4, 1)
        self.read = nn.Linear(4, 5)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return features (B, 5)."""
        pooled = self.called(images).mean((2, 3))
        return nn.functional.linear(pooled, self.read.weight)


def test_a_layer_that_is_never_called_is_refused() -> None:
    """An adapter around it would do nothing; the network is left in the mode it was in, without hooks."""
    network = Reads().train()
    assert output_shapes(a_task(network, 8, "cpu"), ["called"], "lora") == {"called": (1, 4, 8, 8)}
    with pytest.raises(InvalidData, match=r"lora: read is never called .* write other targets"):
        output_shapes(a_task(network, 8, "cpu"), ["called", "read"], "lora")
    assert network.training
    assert not network.called._forward_hooks


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ("auto", r"lora: where it goes in a Reads is not known, only in timm's ConvNeXt, .*write targets"),
        ("attention", r"in a Reads is not known"),
        ("nothing.*", r"lora: targets nothing\.\*: fits no linear map and no plain convolution of a Reads"),
        ("(", r"lora: targets '\(': no regular expression"),
    ],
)
def test_an_unknown_network_is_refused_with_the_reason(targets: str, message: str) -> None:
    """And with what to write."""
    with pytest.raises(InvalidData, match=message):
        weights_at(Reads(), targets, "lora")


def test_a_group_that_a_family_lacks_is_refused() -> None:
    """A ResNet has no attention."""
    with pytest.raises(InvalidData, match=r"lora: targets attention: fits no linear map .* of a ResNet; write all"):
        weights_at(on_meta(("timm", "ResNet")), "attention", "lora")


@pytest.mark.parametrize("method", ["lora", "dora", "ia3", "adapter", "visual_prompt"])
def test_methods_refuse_an_unknown_network_before_training(places: Places, tmp_path: Path, method: str) -> None:
    """Each under its own name."""
    made, task = prepare(tmp_path, places, "test_resnet", method)
    task = dataclasses.replace(task, backbone=dataclasses.replace(task.backbone, network=Reads()))
    with pytest.raises(InvalidData, match=f"^{method}: where it goes in a Reads is not known"):
        made.fit(task)
