"""Counted operations, against torch's own counter on passes that are run, and against sums by hand."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bench.cell.arithmetic import Uncountable, count
from bench.contracts.data import Places
from tests.material.adapted import fit
from tests.material.networks import build


def with_head(name: str, size: int) -> nn.Sequential:
    """Return a backbone with a head for ten classes."""
    backbone = build(name, size)
    return nn.Sequential(backbone.network, nn.Linear(backbone.width, 10))


def images(batch: int, size: int) -> torch.Tensor:
    return torch.empty(batch, 3, size, size, device="meta")


def by_torch(module: nn.Module, inputs: torch.Tensor, backwards: bool = True) -> tuple[int, int]:
    """Run both passes under torch's counter, on the device of the module."""
    module.eval()
    with FlopCounterMode(display=False) as forward:
        output = module(inputs)
    if not backwards or not output.requires_grad:
        return forward.get_total_flops(), 0
    with FlopCounterMode(display=False) as backward:
        output.sum().backward()
    return forward.get_total_flops(), backward.get_total_flops()


def by_hand(module: nn.Module, inputs: torch.Tensor) -> tuple[int, int]:
    """Sum over convolutions and linear layers, all of which learn; attention is not known here.

    The first of them gets images, which need no gradient.
    """
    layers: list[int] = []

    def note(layer: nn.Module, args: Any, output: torch.Tensor) -> None:
        assert isinstance(layer, nn.Conv2d | nn.Linear)
        if isinstance(layer, nn.Linear):
            sums = layer.in_features
        else:
            sums = layer.in_channels // layer.groups * math.prod(layer.kernel_size)
        layers.append(2 * output.numel() * sums)

    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(note)
    module.eval()(inputs)
    return sum(layers), 2 * sum(layers) - layers[0]


def counted(module: nn.Module, inputs: torch.Tensor) -> tuple[int, int]:
    found = count(module, inputs)
    return found.forward, found.backward


SMALL = {"test_resnet": 32, "test_vit": 32, "sequence:rnn-8x2": 16, "sequence:lstm-8x2": 16, "sequence:gru-8x2": 16}


@pytest.mark.parametrize(("name", "size"), SMALL.items())
def test_both_passes_are_as_torch_counts_them(name: str, size: int) -> None:
    """To the last operation, in networks that give tuples on the way too: attention and recurrent layers."""
    module = with_head(name, size)
    assert counted(module, images(2, size)) == by_torch(module.to("meta"), images(2, size))


@pytest.mark.parametrize(("name", "size"), [("test_resnet", 32), ("sequence:gru-8x2", 16), ("sequence:rnn-8x2", 16)])
def test_a_pass_on_data_takes_as_much(name: str, size: int) -> None:
    """On a processor, where a GRU reads all rows' inputs at once."""
    module = with_head(name, size)
    assert counted(module, images(2, size)) == by_torch(module, torch.randn(2, 3, size, size))


@pytest.mark.parametrize("name", ["test_efficientnet", "test_convnext"])
def test_grouped_convolutions_are_as_counted_by_hand(name: str) -> None:
    """Torch counts their backward pass many times too high."""
    module = with_head(name, 32)
    forward, backward = counted(module, images(2, 32))
    assert (forward, backward) == by_hand(module.to("meta"), images(2, 32))
    theirs, too_many = by_torch(module, images(2, 32))
    assert forward == theirs
    assert too_many > backward


LARGE = {
    "resnet18": 224,
    "vit_small_patch16_224": 224,
    "vgg11": 224,
    "densenet121": 224,
    "inception_v3": 299,
    "torchvision:vit_b_16": 224,
    "torchvision:resnet18": 224,
    "sequence:rnn": 32,
    "sequence:lstm": 32,
    "sequence:gru": 32,
}
GROUPED = {"mobilenetv2_100": 224, "convnext_tiny": 224, "efficientnet_b0": 224}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size"), LARGE.items())
def test_large_networks_are_as_torch_counts_them(name: str, size: int) -> None:
    """A backward pass is nearly two forward passes: the gradient to the images is not computed."""
    module = with_head(name, size)
    forward, backward = counted(module, images(1, size))
    assert (forward, backward) == by_torch(module.to("meta"), images(1, size))
    assert 1.75 < backward / forward < 2


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size"), GROUPED.items())
def test_large_networks_with_grouped_convolutions_are_as_counted_by_hand(name: str, size: int) -> None:
    """The forward pass also as torch counts it."""
    module = with_head(name, size)
    forward, backward = counted(module, images(1, size))
    module = module.to("meta")
    assert by_torch(module, images(1, size), backwards=False)[0] == forward
    assert (forward, backward) == by_hand(module, images(1, size))


@pytest.mark.parametrize(("kind", "gates"), [(nn.RNN, 1), (nn.GRU, 3), (nn.LSTM, 4)])
@pytest.mark.parametrize("both_ways", [False, True])
def test_recurrent_layers_are_as_counted_by_formula(kind: Any, gates: int, both_ways: bool) -> None:
    """Each row meets the inputs' weights and the states' ones; the first state is zero and takes no gradient."""

    class Read(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = kind(6, 8, batch_first=True, bidirectional=both_ways)

        def forward(self, rows: torch.Tensor) -> torch.Tensor:
            states: torch.Tensor = self.layer(rows)[0]
            return states

    batch, rows, ways = 2, 5, 2 if both_ways else 1
    inwards, onwards = (2 * ways * batch * rows * gates * 8 * width for width in (6, 8))
    first_state = onwards // rows
    found = counted(Read(), torch.empty(batch, rows, 6, device="meta"))
    assert found == (inwards + onwards, inwards + 2 * onwards - first_state)


@pytest.mark.parametrize("name", ["test_resnet", "test_vit", "sequence:lstm-8x2"])
@pytest.mark.parametrize("learning", [1, 2, 5, -1, -2])
def test_partly_frozen_networks_are_as_torch_counts_them(name: str, learning: int) -> None:
    """The first of their parameters learn, or the last: gradients pass through what is frozen behind them."""
    size = SMALL[name]
    module = with_head(name, size).requires_grad_(False)
    parameters = list(module.parameters())
    for parameter in parameters[:learning] if learning > 0 else parameters[learning:]:
        parameter.requires_grad_(True)
    assert counted(module, images(2, size)) == by_torch(module.to("meta"), images(2, size))


@pytest.mark.parametrize(
    ("backbone", "method"),
    [
        ("test_vit", "lora"),
        ("test_vit", "dora"),
        ("test_vit", "ia3"),
        ("test_resnet", "lora"),
        ("test_resnet", "dora"),
        ("test_vit", "visual_prompt"),
        ("test_vit", "adapter"),
        ("test_vit", "bitfit"),
        ("test_resnet", "norm_tuning"),
        ("test_resnet", "partial_finetune"),
        ("test_vit", "{name: partial_finetune, prefix: cached}"),
        ("test_resnet", "mlp_probe"),
    ],
)
def test_adapted_networks_are_as_torch_counts_them(places: Places, tmp_path: Any, backbone: str, method: str) -> None:
    """What a loop trains, as it was flagged when it had trained, behind a frozen part where there is one."""
    fitted, _, _ = fit(tmp_path, places, backbone, method, "train.steps=1")
    inputs = images(3, 32)
    if fitted.part is not None:
        inputs = count(fitted.part.module, inputs, learning=False).output
    assert counted(fitted.module, inputs) == by_torch(fitted.module.to("meta"), inputs)


@settings(deadline=None, max_examples=40)
@given(
    batch=st.integers(1, 3),
    groups=st.sampled_from([1, 2, 4]),
    channels=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    kernel=st.integers(1, 3),
    stride=st.integers(1, 2),
    transposed=st.booleans(),
)
def test_any_convolution_is_as_torch_counts_it_forwards(
    batch: int, groups: int, channels: tuple[int, int], kernel: int, stride: int, transposed: bool
) -> None:
    """Its weights' gradient takes as much again; the images need none."""
    kind = nn.ConvTranspose2d if transposed else nn.Conv2d
    layer = kind(groups * channels[0], groups * channels[1], kernel, stride, groups=groups)
    inputs = torch.empty(batch, groups * channels[0], 7, 7, device="meta")
    forward, backward = counted(layer, inputs)
    size = by_torch(layer.to("meta"), inputs, backwards=False)[0]
    # torch's count of a transposed one knows no groups
    assert forward == (size if not transposed or groups == 1 else forward)
    assert backward == forward > 0


def test_what_is_once_for_a_batch_is_counted_once() -> None:
    """A product of weights does not grow with the batch."""

    class Folded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.up, self.down = nn.Parameter(torch.zeros(6, 2)), nn.Parameter(torch.zeros(2, 5))

        def forward(self, features: torch.Tensor) -> torch.Tensor:
            return features @ (self.up @ self.down)

    weights = 2 * 6 * 2 * 5
    for batch in (1, 8):
        features = 2 * batch * 6 * 5
        found = counted(Folded(), torch.empty(batch, 6, device="meta"))
        assert found == (features + weights, features + 2 * weights)


def test_a_count_changes_nothing_of_the_network() -> None:
    """Weights, flags, mode and hooks."""
    model = with_head("test_resnet", 32).train()
    model[0].requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    flags = [parameter.requires_grad for parameter in model.parameters()]
    count(model, images(2, 32))
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert [parameter.requires_grad for parameter in model.parameters()] == flags
    assert model.training
    assert not any(each._forward_hooks or each._forward_pre_hooks for each in model.modules())


class Multiplied(torch.autograd.Function):
    """A product that brings its own derivative, of both factors."""

    @staticmethod
    def forward(context: Any, features: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """Multiply."""
        context.save_for_backward(features, weight)
        return features @ weight

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> Any:
        """Return the gradients of both, whoever needs them."""
        features, weight = context.saved_tensors
        return gradients[0] @ weight.T, features.T @ gradients[0]


class Does(nn.Module):
    """A network that does one thing with its weight."""

    def __init__(self, work: Any) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.eye(6))
        self.work = work

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Do it."""
        result: torch.Tensor = self.work(features, self.weight)
        return result


def without_graph(features: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        known = features @ weight
    return known * weight[0]


def leading_nowhere(features: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return features * weight[0] + (features @ weight).detach()


PRODUCT = 2 * 2 * 6 * 6
"""Operations of two rows of six numbers times a matrix."""


@pytest.mark.parametrize(
    ("work", "backward"),
    [
        (lambda features, weight: features @ weight, PRODUCT),
        (lambda features, weight: torch.zeros_like(features).addmm_(features, weight), PRODUCT),
        (Multiplied.apply, 2 * PRODUCT),
        (without_graph, 0),
        (leading_nowhere, 0),
    ],
    ids=["a product", "in place", "with its own derivative", "without a graph", "not a way to the output"],
)
def test_a_backward_pass_is_what_is_computed(work: Any, backward: int) -> None:
    """Whatever the flags of the parameters promise."""
    assert counted(Does(work), torch.empty(2, 6, device="meta")) == (PRODUCT, backward)


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        (lambda features, weight: features * float(features.sum()), "it can't run without data"),
        (lambda features, weight: features[features > 0], "it can't run without data"),
        (lambda features, weight: features.no_such_thing, "it can't run without data"),
        (lambda features, weight: (features, weight), "it can't run without data"),
        (lambda features, weight: torch.fft.fft(features).real, "it calls aten::_fft_"),
        (lambda features, weight: features @ torch.linalg.inv(weight), "it calls aten::linalg_inv"),
        (
            lambda features, weight: nn.functional.bilinear(features, features, weight[None]),
            "it calls aten::_trilinear",
        ),
    ],
)
def test_what_cannot_be_told_is_not_counted(work: Any, reason: str) -> None:
    """A sum without it would be wrong in silence."""
    with pytest.raises(Uncountable) as raised:
        count(Does(work), torch.empty(2, 6, device="meta"))
    assert str(raised.value).startswith(reason)


@pytest.mark.parametrize(
    "work",
    [
        lambda features, weight: nn.functional.interpolate(features[None, None], size=(9, 9), mode="bilinear")[0, 0],
        lambda features, weight: torch.lgamma(features) + torch.linalg.vector_norm(weight),
        lambda features, weight: nn.functional.softmax(features, 1).cumsum(1),
    ],
)
def test_what_works_number_by_number_is_no_product(work: Any) -> None:
    assert counted(Does(work), torch.empty(2, 6, device="meta")) == (0, 0)
