"""Adapters between frozen parts: how large, where they start, what else learns."""

from pathlib import Path

import pytest
import torch
from torch import nn

from bench.contracts.data import Places
from bench.methods.adapters.bottlenecks import Parallel, Serial, zeroed
from tests.material.adapted import fit, norms, start

PARALLEL = "{name: adapter, form: parallel, norm: frozen}"


@pytest.mark.parametrize("backbone", ["test_vit", "test_resnet"])
@pytest.mark.parametrize("method", ["{name: adapter, norm: frozen}", PARALLEL])
def test_nothing_changes_before_anything_is_learnt(places: Places, tmp_path: Path, backbone: str, method: str) -> None:
    """The last layer of each is zero."""
    plain, adapted = start(tmp_path, places, backbone, method)
    assert torch.equal(adapted, plain)


@pytest.mark.parametrize(("form", "each"), [("serial", 2), ("parallel", 1)])
def test_bottlenecks_have_the_width_asked_for(places: Places, tmp_path: Path, form: str, each: int) -> None:
    """Serial ones stand behind attention and feed-forward part of each block, parallel ones beside the latter."""
    method = f"{{name: adapter, form: {form}, width: 5, norm: frozen}}"
    fitted, backbone, moved = fit(tmp_path, places, "test_vit", method)
    width, depth = backbone.width, len(backbone.network.get_submodule("blocks"))  # type: ignore[arg-type]
    expected = each * depth * (width * 5 + 5 + 5 * width + width)
    assert fitted.trainable_params == expected + 10 * width + 10
    assert fitted.checkpoint_bytes == 4 * fitted.trainable_params
    assert moved == set()
    assert fitted.frozen == set(backbone.state)


def test_a_cnn_has_a_pointwise_convolution_behind_each_spatial_one(places: Places, tmp_path: Path) -> None:
    """Channels times channels; none behind 1 x 1 convolutions, the stem or a shortcut."""
    fitted, backbone, _ = fit(tmp_path, places, "test_resnet", "{name: adapter, norm: frozen}")
    adapted = {name: module for name, module in backbone.network.named_modules() if isinstance(module, Serial)}
    assert {name.split(".")[0] for name in adapted} == {"layer1", "layer2", "layer3", "layer4"}
    bases = [module.base for module in adapted.values()]
    assert all(isinstance(base, nn.Conv2d) and base.kernel_size == (3, 3) for base in bases)
    expected = sum(base.out_channels**2 for base in bases if isinstance(base, nn.Conv2d))
    assert fitted.trainable_params == expected + 10 * backbone.width + 10


@pytest.mark.parametrize("backbone", ["test_vit", "test_resnet"])
def test_normalisation_learns_too_by_default(places: Places, tmp_path: Path, backbone: str) -> None:
    """As in the papers; nothing else of the backbone does."""
    fitted, built, moved = fit(tmp_path, places, backbone, "adapter")
    assert moved == norms(built.network)
    assert fitted.frozen == set(built.state) - moved


def test_serial_sees_the_output_and_parallel_the_input() -> None:
    """By hand."""
    base, adapter = nn.Linear(3, 3), nn.Linear(3, 3)
    inputs = torch.randn(2, 3)
    torch.testing.assert_close(Serial(base, adapter, 1.0)(inputs), base(inputs) + adapter(base(inputs)))
    torch.testing.assert_close(Parallel(base, adapter, 0.1)(inputs), base(inputs) + 0.1 * adapter(inputs))
    assert not zeroed(adapter)(inputs).any()
