"""Networks of torchvision: the contract for each family, names with their weights, sizes."""

from pathlib import Path

import pytest
import torch
from torchvision import models

from bench.backbones.torchvision import TorchvisionSource
from bench.contracts.data import Places
from bench.errors import BenchError, InvalidData
from tests.material import networks


def test_small_network_is_a_backbone(tmp_path: Path) -> None:
    """The smallest that torchvision has in the way of a mobile network."""
    networks.assert_is_a_backbone("torchvision:shufflenet_v2_x0_5", 64, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("vgg11", 64),
        ("resnet18", 64),
        ("inception_v3", 299),
        ("densenet121", 64),
        ("mobilenet_v2", 64),
        ("efficientnet_b0", 64),
        ("convnext_tiny", 64),
        ("vit_b_16", 64),
    ],
)
def test_network_of_each_family_is_a_backbone(name: str, size: int, tmp_path: Path) -> None:
    """Random weights; the sizes that each can take."""
    networks.assert_is_a_backbone(f"torchvision:{name}", size, tmp_path)


def test_stages_are_the_blocks_in_order() -> None:
    """Of a ResNet: the stem's layer, then four."""
    stages = networks.build("torchvision:resnet18", 32).stages
    assert [stage[0].split(".")[0] for stage in stages] == ["conv1", "layer1", "layer2", "layer3", "layer4"]
    assert "bn1.weight" in stages[0]


def test_features_are_what_the_classifier_would_have_seen(tmp_path: Path) -> None:
    """A published file holds the classifier too."""
    torch.manual_seed(3)
    whole = models.resnet18().eval()
    file = tmp_path / "weights.pth"
    torch.save(whole.state_dict(), file)
    backbone = networks.build("torchvision:resnet18", 32, file)
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(whole.fc(backbone.network.eval()(images)), whole(images))


def test_preprocessing_is_that_of_the_weights_named() -> None:
    """Two members of one enum may differ in it."""
    first = networks.build("torchvision:resnet50@IMAGENET1K_V1", 32).input
    second = networks.build("torchvision:resnet50@IMAGENET1K_V2", 32).input
    assert (first.native_size, first.interpolation) == (224, "bilinear")
    assert first.crop_pct == pytest.approx(224 / 256)
    assert second.crop_pct == pytest.approx(224 / 232)


def test_names_come_with_and_without_their_weights() -> None:
    """And fit globs."""
    assert TorchvisionSource().names("torchvision:resnet50*") == [
        "torchvision:resnet50",
        "torchvision:resnet50@IMAGENET1K_V1",
        "torchvision:resnet50@IMAGENET1K_V2",
    ]


@pytest.mark.parametrize(
    ("name", "near"),
    [("torchvision:resnet81", "resnet18"), ("torchvision:resnet50@IMAGENET1K_V3", "IMAGENET1K_V2")],
)
def test_unknown_name_or_weights_are_refused_with_near_ones(name: str, near: str, tmp_path: Path) -> None:
    """Before anything is downloaded."""
    with pytest.raises(BenchError, match=near):
        TorchvisionSource().find(name, Places(None, None, tmp_path), download=False)


def test_network_without_a_linear_classifier_is_refused() -> None:
    """SqueezeNet classifies by a convolution: there are no features before it."""
    with pytest.raises(InvalidData, match="squeezenet"):
        networks.build("torchvision:squeezenet1_1", 64)
