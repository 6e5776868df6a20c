"""Networks of timm: the contract for each family, names, tags, sizes."""

from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file

from bench.backbones.timm import TimmSource
from bench.catalog import KNOWN_BACKBONES
from bench.contracts.data import Places
from bench.errors import BenchError
from tests.material import networks


@pytest.mark.parametrize(("name", "size"), [("test_resnet", 32), ("test_vit", 32), ("regnetx_002", 32)])
def test_small_network_is_a_backbone(name: str, size: int, tmp_path: Path) -> None:
    """Residual networks, one whose files timm converts on loading, and a transformer."""
    networks.assert_is_a_backbone(name, size, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("vgg11", 64),
        ("resnet18", 64),
        ("inception_v3", 299),
        ("densenet121", 64),
        ("mobilenetv2_100", 64),
        ("efficientnet_b0", 64),
        ("convnext_atto", 64),
        ("vit_tiny_patch16_224", 64),
    ],
)
def test_network_of_each_family_is_a_backbone(name: str, size: int, tmp_path: Path) -> None:
    """Random weights; the sizes that each can take."""
    networks.assert_is_a_backbone(name, size, tmp_path)


def test_stages_are_the_blocks_in_order() -> None:
    """A stem and four stages of a ResNet; the blocks of a ViT; a last norm is no stage."""
    resnet = networks.build("test_resnet", 32).stages
    assert [stage[0].split(".")[0] for stage in resnet] == ["conv1", "layer1", "layer2", "layer3", "layer4"]
    vit = networks.build("test_vit", 32).stages
    blocks = {name.split(".")[1] for name, _ in timm.create_model("test_vit").blocks.named_parameters(prefix="blocks")}
    assert len(vit) == 1 + len(blocks)
    assert any(name.startswith(("norm", "fc_norm")) for name in vit[-1])


def test_checkpoint_with_its_classifier_gives_the_features_that_timm_gives(tmp_path: Path) -> None:
    """As published files have it."""
    torch.manual_seed(3)
    whole = timm.create_model("test_resnet", num_classes=7).eval()
    file = tmp_path / "weights.safetensors"
    save_file(whole.state_dict(), file)
    backbone = networks.build("test_resnet", 32, file)
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        expected = whole.forward_head(whole.forward_features(images), pre_logits=True)
        torch.testing.assert_close(backbone.network.eval()(images), expected)


def test_positions_of_a_vit_are_interpolated_to_the_image_size(tmp_path: Path) -> None:
    """A file for the native size fits another one."""
    torch.manual_seed(3)
    file = tmp_path / "weights.safetensors"
    save_file(timm.create_model("test_vit").state_dict(), file)
    native = networks.build("test_vit", 160, file)
    smaller = networks.build("test_vit", 96, file)
    assert native.width == smaller.width
    assert smaller.network.pos_embed.shape[1] < native.network.pos_embed.shape[1]


def test_input_is_what_the_weights_were_evaluated_with() -> None:
    """Mean, spread, interpolation, crop and size of timm's configuration."""
    spec = networks.build("test_resnet", 32).input
    config = timm.get_pretrained_cfg("test_resnet")
    assert (spec.mean, spec.std, spec.interpolation) == (config.mean, config.std, config.interpolation)
    assert (spec.crop_pct, spec.native_size) == (config.crop_pct, config.input_size[-1])


def test_names_that_are_known_without_asking_are_timms() -> None:
    """All of them, and they fit the globs."""
    source = TimmSource()
    assert set(source.names("*")) >= KNOWN_BACKBONES
    assert "resnet18.a1_in1k" in source.names("resnet18.*")
    assert source.names("nothing_like_it*") == []


@pytest.mark.parametrize(("name", "near"), [("resnet81", "resnet18"), ("resnet18.a1_in1", "a1_in1k")])
def test_unknown_name_or_tag_is_refused_with_near_ones(name: str, near: str, tmp_path: Path) -> None:
    """Before anything is downloaded."""
    with pytest.raises(BenchError, match=near):
        TimmSource().find(name, Places(None, None, tmp_path), download=False)
