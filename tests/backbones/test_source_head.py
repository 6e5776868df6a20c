"""The classifier that lies in a weights' file behind the features."""

from pathlib import Path

import pytest
import timm
import torch
import torchvision
from safetensors.torch import save_file

from bench.backbones.building import blank_linear, source_head
from bench.contracts.networks import Backbone
from tests.material import networks

IMAGES = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def answers(backbone: Backbone, images: torch.Tensor = IMAGES) -> torch.Tensor:
    """Return the logits of the classes that the weights were trained on."""
    assert backbone.source_head is not None
    with torch.no_grad():
        return backbone.source_head(backbone.network.eval()(images))


@pytest.mark.parametrize("name", ["test_resnet", "test_vit", "test_convnext", "test_byobnet"])
def test_timms_own_classifier_comes_with_its_file(name: str, tmp_path: Path) -> None:
    """Behind the features it gives what the published network gives."""
    torch.manual_seed(3)
    whole = timm.create_model(name, num_classes=7, **({"img_size": 32} if name == "test_vit" else {})).eval()
    file = tmp_path / "weights.safetensors"
    save_file({key: tensor.contiguous() for key, tensor in whole.state_dict().items()}, file)
    backbone = networks.build(name, 32, file)
    with torch.no_grad():
        torch.testing.assert_close(answers(backbone), whole(IMAGES))


def test_torchvisions_own_classifier_comes_with_its_file(tmp_path: Path) -> None:
    """Not one of the layers before it, which are a part of the features."""
    torch.manual_seed(3)
    network = torchvision.models.mobilenet_v3_small(num_classes=7).eval()
    file = tmp_path / "weights.safetensors"
    save_file(network.state_dict(), file)
    with torch.no_grad():
        torch.testing.assert_close(answers(networks.build("torchvision:mobilenet_v3_small", 32, file)), network(IMAGES))


@pytest.mark.parametrize("name", ["test_resnet", "torchvision:resnet18"])
def test_weights_without_a_classifier_have_no_source_head(name: str, tmp_path: Path) -> None:
    """Random ones, and a backbone's own file."""
    backbone = networks.build(name, 32)
    assert backbone.source_head is None
    file = tmp_path / "weights.safetensors"
    save_file({key: tensor.contiguous() for key, tensor in backbone.network.state_dict().items()}, file)
    assert networks.build(name, 32, file).source_head is None


def test_only_a_classifier_of_the_features_width_fits() -> None:
    """Auxiliary ones are passed over; a convolution of one pixel is a matrix; a bias may lack."""
    right, wrong = torch.randn(3, 8), torch.randn(3, 6)
    found = source_head({"AuxLogits.fc.weight": torch.randn(5, 8), "head.fc.weight": wrong, "fc.weight": right}, 8)
    assert found is not None
    assert torch.equal(found.weight, right)
    assert not found.bias.any()
    convolution = source_head({"head.weight": right.reshape(3, 8, 1, 1), "head.bias": torch.ones(3)}, 8)
    assert convolution is not None
    assert torch.equal(convolution.weight, right)
    assert convolution.bias.all()
    assert source_head({"head.weight": wrong, "head.norm.weight": torch.ones(8), "other.weight": right}, 8) is None


def test_blank_layer_leaves_the_global_generator_alone() -> None:
    """So that a head in the file moves no other random number."""
    state = torch.get_rng_state()
    assert not blank_linear(4, 3).weight.any()
    assert torch.equal(torch.get_rng_state(), state)
