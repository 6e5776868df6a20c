"""Where the frozen part of a network ends: the cut is exact, and what can't be cut says why."""

from collections import OrderedDict
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional

from bench.backbones.boundary import Parted, part_frozen
from bench.backbones.building import frozen_names, train_only
from tests.material import networks


def adapted(name: str, size: int, stages: int) -> nn.Module:
    """Return a backbone with a head; they learn from the last so many stages on."""
    backbone = networks.build(name, size)
    model = nn.Sequential(OrderedDict(backbone=backbone.network, head=nn.Linear(backbone.width, 10)))
    learning = [each for stage in backbone.stages[len(backbone.stages) - stages :] for each in stage]
    train_only(model, {f"backbone.{each}" for each in learning} | {"head.weight", "head.bias"})
    return model


def assert_cut_is_exact(model: nn.Module, size: int) -> Parted:
    """Both parts together give what the model gives, bit for bit; all that learns is in the rest, and only there."""
    parted = part_frozen(model)
    assert isinstance(parted, Parted), parted
    assert "0x" not in parted.part.name + parted.part.definition, "an address, which another process does not have"
    images = torch.randn(3, 3, size, size, generator=torch.Generator().manual_seed(0))
    learning = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    rest = dict(parted.rest.named_parameters())
    assert {name for name, parameter in rest.items() if parameter.requires_grad} == set(learning)
    assert all(rest[name] is learning[name] for name in learning)
    assert set(parted.rest.state_dict()) <= set(model.state_dict())
    assert not any(parameter.requires_grad for parameter in parted.part.module.parameters())
    assert not any(module.training for module in parted.part.module.modules() if not _is_folder(module))
    before = networks.hashes(parted.part.module)
    torch.manual_seed(1)
    outputs = parted.rest(parted.part.module(images))  # in training mode: normalisation, dropout, stochastic depth
    outputs.square().sum().backward()
    gradients = {name: parameter.grad.clone() for name, parameter in learning.items() if parameter.grad is not None}
    assert networks.hashes(parted.part.module) == before
    model.zero_grad()
    torch.manual_seed(1)
    expected = model(images)
    expected.square().sum().backward()
    assert torch.equal(outputs, expected)
    assert gradients.keys() == learning.keys()
    assert all(torch.equal(gradients[name], learning[name].grad) for name in learning)
    return parted


def _is_folder(module: nn.Module) -> bool:
    """Say whether a module only gives others their path, as a traced graph makes them: its mode means nothing."""
    return type(module) is nn.Module


@pytest.mark.parametrize("stages", [0, 1, 2, 4])
@pytest.mark.parametrize(("name", "size"), [("test_resnet", 32), ("test_efficientnet", 32), ("test_convnext", 64)])
def test_cut_of_a_small_network_is_exact(name: str, size: int, stages: int) -> None:
    """Wherever it ends: behind the whole backbone where only the head learns."""
    parted = assert_cut_is_exact(adapted(name, size, stages), size)
    assert (parted.part.name == "up to backbone") == (stages == 0)


@pytest.mark.parametrize("stages", [1, 3, 12])
def test_cut_of_a_vision_transformer_is_exact(stages: int) -> None:
    """Between blocks, tokens in place of maps; with twelve only the embedding is frozen."""
    parted = assert_cut_is_exact(adapted("vit_tiny_patch16_224", 32, stages), 32)
    assert parted.part.module(torch.zeros(2, 3, 32, 32)).shape == (2, 5, 192)


@pytest.mark.slow
@pytest.mark.parametrize("stages", [1, 2, 4])
@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("resnet18", 64),
        ("resnet50", 64),
        ("mobilenetv2_100", 64),
        ("efficientnet_b0", 64),
        ("convnext_atto", 64),
        ("densenet121", 64),
        ("vgg11", 64),
        ("torchvision:resnet18", 64),
        ("torchvision:mobilenet_v2", 64),
        ("torchvision:convnext_tiny", 64),
        ("torchvision:vit_b_16", 64),
        ("torchvision:vgg11", 64),
    ],
)
def test_cut_of_each_family_is_exact(name: str, size: int, stages: int) -> None:
    """The networks that suites name."""
    assert_cut_is_exact(adapted(name, size, stages), size)


def test_all_of_the_rest_is_called() -> None:
    """It holds nothing of the frozen part, so that it is neither moved nor kept."""
    model = adapted("vit_tiny_patch16_224", 32, 1)
    parted = part_frozen(model)
    assert isinstance(parted, Parted)
    frozen = frozen_names(model)
    assert not frozen & set(parted.rest.state_dict())


def test_earlier_cuts_have_other_names() -> None:
    """What is kept for one is never taken for another."""
    names = [part_frozen(adapted("test_resnet", 32, stages)) for stages in (0, 1, 2, 3, 4)]
    assert len({parted.part.name for parted in names if isinstance(parted, Parted)}) == 5


class Chain(nn.Module):
    """Three convolutions with one activation between all of them, given by a function."""

    def __init__(self, between: Callable[["Chain", torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.one, self.two, self.three = (nn.Conv2d(3, 3, 3, padding=1) for _ in range(3))
        self.shared = nn.ReLU()
        self.between = between

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        images = self.between(self, self.one(images))
        images = self.between(self, self.two(images))
        return self.three(images)


def chain(between: Callable[[Chain, torch.Tensor], torch.Tensor], frozen: int) -> Parted:
    """Return a chain whose first convolutions are frozen, cut."""
    model = Chain(between)
    names = ("one", "two", "three")[frozen:]
    train_only(model, {f"{name}.{kind}" for name in names for kind in ("weight", "bias")})
    parted = part_frozen(model)
    assert isinstance(parted, Parted), parted
    return parted


@pytest.mark.parametrize(
    "between",
    [lambda net, maps: net.shared(maps), lambda net, maps: functional.relu(maps), lambda net, maps: maps.relu()],
    ids=["module", "function", "method"],
)
def test_cuts_behind_the_same_operation_have_other_names(
    between: Callable[[Chain, torch.Tensor], torch.Tensor],
) -> None:
    """A module, a function or a method that is called twice. The same cut has the same name in every process."""
    first, second = chain(between, 1).part, chain(between, 2).part
    assert first.name != second.name
    assert first.definition != second.definition
    assert "0x" not in first.name + first.definition
    again = chain(between, 1).part
    assert (again.name, again.definition) == (first.name, first.definition)


def test_untraceable_network_says_so() -> None:
    """A branch on what the images hold; as a part of it learns, it can't be called as a whole."""

    class Branching(Chain):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.three(self.one(images) if images.mean() > 0 else self.two(images))

    model = Branching(lambda net, maps: maps)
    train_only(model, {"three.weight", "three.bias"})
    assert "can't be traced" in str(part_frozen(model))


def test_branch_within_a_frozen_module_is_no_hindrance() -> None:
    """It is called as a whole."""

    class Branching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.conv(images) if images.mean() > 0 else -self.conv(images)

    model = nn.Sequential(Branching(), nn.Flatten(), nn.Linear(3 * 16, 2))
    train_only(model, {"2.weight", "2.bias"})
    assert assert_cut_is_exact(model, 4).part.name.startswith("up to 1")


def test_network_that_learns_from_the_images_on_has_no_part() -> None:
    """Nor has one whose frozen stages come later."""
    model = adapted("test_resnet", 32, 5)
    assert part_frozen(model) == "nothing of it is frozen from the images on"
    train_only(model, {"backbone.conv1.0.weight"})
    assert part_frozen(model) == "nothing of it is frozen from the images on"


def test_several_tensors_are_no_boundary() -> None:
    """A connection that skips the stage in between carries a second one."""

    class Skipping(Chain):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            first = self.one(images)
            return self.three(first + self.two(first).relu()) + first

    model = Skipping(lambda net, maps: maps)
    train_only(model, {"three.weight", "three.bias"})
    assert part_frozen(model) == "2 tensors pass from the frozen part to the rest"


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("inner", [nn.Dropout(), nn.BatchNorm2d(3)], ids=["dropout", "norm"])
def test_part_ends_before_a_module_in_training_mode(inner: nn.Module, nested: bool) -> None:
    """Frozen or without parameters: what it gives is random, or hangs on the batch. In `eval()` it is part of it."""
    moving = nn.Sequential(nn.Identity(), inner) if nested else inner
    model = nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 3, 1), moving=moving, head=nn.Conv2d(3, 2, 1)))
    train_only(model, {"head.weight", "head.bias"})
    still = part_frozen(model)
    inner.train()
    parted = part_frozen(model)
    assert isinstance(still, Parted)
    assert isinstance(parted, Parted)
    assert "moving" in still.part.name
    assert "conv" in parted.part.name
