"""LoRA, DoRA and (IA)3: how many parameters, where they start, what they merge into, and what stays frozen."""

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from bench.catalog import METHODS
from bench.cell.profiles import work
from bench.contracts.data import Places
from bench.errors import Unavailable
from tests.material.adapted import features, fit, prepare, start

pytest.importorskip("peft")


BACKBONES = ("test_vit", "test_resnet")


def layers_of(network: nn.Module) -> list[Any]:
    """Return the library's layers."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    return [module for module in network.modules() if isinstance(module, BaseTunerLayer)]


def head_size(width: int) -> int:
    """Return the parameters of a head for ten classes."""
    return 10 * width + 10


@pytest.mark.parametrize("rank", [1, 4])
def test_lora_has_rank_times_inputs_and_outputs(places: Places, tmp_path: Path, rank: int) -> None:
    """In a ViT by hand: of D to 3 D and of D to D in each block."""
    fitted, backbone, _ = fit(tmp_path, places, "test_vit", f"{{name: lora, rank: {rank}}}")
    width, depth = backbone.width, len(backbone.network.get_submodule("blocks"))  # type: ignore[arg-type]
    expected = depth * rank * ((width + 3 * width) + (width + width))
    assert fitted.trainable_params == expected + head_size(width)
    assert fitted.checkpoint_bytes == 4 * fitted.trainable_params


def test_lora_of_a_convolution_has_its_kernel_times_the_rank(places: Places, tmp_path: Path) -> None:
    """And the rank times its outputs; the stem and the shortcuts are left alone."""
    made, task = prepare(tmp_path, places, "test_resnet", "{name: lora, rank: 3}")
    named = task.backbone.network.named_modules()
    inner: list[Any] = [module for name, module in named if name.startswith("layer") and ".conv" in name]
    inner = [module for module in inner if isinstance(module, nn.Conv2d)]
    assert len(inner) == 9
    expected = sum(3 * (module.weight[0].numel() + module.out_channels) for module in inner)
    assert made.fit(task).trainable_params == expected + head_size(task.backbone.width)


def test_ia3_has_a_factor_for_each_key_value_and_hidden_activation(places: Places, tmp_path: Path) -> None:
    """In a ViT one map gives queries too: 3 D factors for each block, beside those of what is hidden."""
    fitted, backbone, _ = fit(tmp_path, places, "test_vit", "ia3")
    blocks = backbone.network.get_submodule("blocks")
    expected = sum(3 * backbone.width + block.mlp.fc1.out_features for block in blocks)  # type: ignore[attr-defined]
    assert fitted.trainable_params == expected + head_size(backbone.width)
    factors = [tensor for name, tensor in fitted.states[-1].items() if "ia3" in name]
    assert sum(tensor.numel() for tensor in factors) == expected
    assert all(0 < (tensor - 1).abs().max() < 0.5 for tensor in factors), "they start at one, and learn"


@pytest.mark.parametrize("backbone", BACKBONES)
def test_lora_merges_into_the_weights(places: Places, tmp_path: Path, backbone: str) -> None:
    """W + alpha / rank * B A, computed here, gives the outputs of the network with its adapters."""
    fitted, built, _ = fit(tmp_path, places, backbone, "{name: lora, rank: 4, alpha: 16, learning_rate: 0.01}")
    adapted = features(built.network)
    layers = layers_of(built.network)
    with torch.no_grad():
        for layer in layers:
            first, second = layer.lora_A["default"].weight, layer.lora_B["default"].weight
            update = 16 / 4 * (second.flatten(1) @ first.flatten(1)).reshape(layer.base_layer.weight.shape)
            assert update.abs().max() > 1e-4, "nothing was learnt"
            layer.base_layer.weight += update
            second.zero_()
    merged = features(built.network)
    torch.testing.assert_close(merged, adapted, rtol=1e-5, atol=1e-5)
    assert len(layers) == sum("lora_A" in name for name in fitted.states[-1])


@pytest.mark.parametrize("backbone", BACKBONES)
def test_dora_keeps_directions_and_magnitudes_apart(places: Places, tmp_path: Path, backbone: str) -> None:
    """Each row of m (W + dW) / |W + dW|, computed here, gives the outputs of the network with its adapters."""
    _, built, _ = fit(tmp_path, places, backbone, "{name: dora, rank: 2, alpha: 4, learning_rate: 0.01}")
    adapted = features(built.network)
    with torch.no_grad():
        for layer in layers_of(built.network):
            first, second = layer.lora_A["default"].weight, layer.lora_B["default"].weight
            magnitude = layer.lora_magnitude_vector["default"].weight.flatten()
            weight = layer.base_layer.weight
            rows = weight.flatten(1) + 4 / 2 * second.flatten(1) @ first.flatten(1)
            rows *= (magnitude / rows.norm(dim=1))[:, None]
            weight.copy_(rows.reshape(weight.shape))
            layer.enable_adapters(False)
    torch.testing.assert_close(features(built.network), adapted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("method", ["lora", "{name: lora, dropout: 0.5}", "dora", "ia3"])
def test_nothing_changes_before_anything_is_learnt(places: Places, tmp_path: Path, backbone: str, method: str) -> None:
    """B is zero, magnitudes are those of the weights, factors are one."""
    plain, adapted = start(tmp_path, places, backbone, method)
    torch.testing.assert_close(adapted, plain, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("method", ["lora", "dora", "ia3"])
def test_the_backbone_keeps_every_bit(places: Places, tmp_path: Path, backbone: str, method: str) -> None:
    """Statistics of normalisation too; what is kept of the training are the adapters and the head."""
    fitted, built, moved = fit(tmp_path, places, backbone, method)
    assert moved == set()
    assert fitted.frozen == set(built.state)
    kept = fitted.states[-1]
    assert all("lora" in name or "ia3" in name or name.startswith("head.") for name in kept)
    assert fitted.trainable_params == sum(tensor.numel() for tensor in kept.values())
    assert fitted.trace is not None
    assert fitted.trace.optimizer_exact
    assert all(tensor.abs().sum() > 0 for name, tensor in kept.items() if "lora_B" in name), "an adapter stood still"


def test_the_start_hangs_on_the_cells_seed_alone(places: Places, tmp_path: Path) -> None:
    """Whatever was drawn before."""
    states = []
    for drawn in (0, 1000):
        made, task = prepare(tmp_path, places, "test_vit", "lora")
        torch.randn(drawn)
        states.append(made.fit(task).states[-1])
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_targets_can_be_written_out(places: Places, tmp_path: Path) -> None:
    """By a regular expression of whole names."""
    made, task = prepare(tmp_path, places, "test_vit", r"{name: lora, targets: 'blocks\.[01]\.mlp\.fc1'}")
    kept = made.fit(task).states[-1]
    assert sum("lora_A" in name for name in kept) == 2


@pytest.mark.parametrize("method", ["lora", "dora", "ia3"])
def test_the_adapted_network_can_be_counted(places: Places, tmp_path: Path, method: str) -> None:
    """A step of LoRA takes less than one of full fine-tuning: frozen weights get no gradients of their own."""
    fitted, _, _ = fit(tmp_path, places, "test_vit", method, "train.steps=1")
    forward = work.forward_flop(fitted, 32)
    assert forward < work.step_flop(fitted, 32, batch=1) < 3 * forward


@pytest.mark.parametrize("method", ["lora", "dora", "ia3"])
def test_without_the_extra_the_line_says_what_to_install(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """Before anything is trained."""
    made, task = prepare(tmp_path, places, "test_vit", method)
    monkeypatch.setitem(sys.modules, "peft", None)
    assert METHODS.entry(method).lacks == "peft"
    with pytest.raises(Unavailable, match=rf"^{method}: needs the extra peft; .*pip install 'transferbench\[peft\]'"):
        made.fit(task)
