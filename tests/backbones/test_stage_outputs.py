"""Features of stages: the right tensors, pooled, the same in a head's training and in the whole network."""

from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from torch import nn

from bench.backbones.stage_outputs import outputs_of, pooled, stage_ends, stage_features
from bench.contracts.data import Places
from bench.contracts.networks import Backbone, InputSpec
from bench.errors import InvalidData
from tests.material import networks
from tests.material.fitting import images_of, loaded, task_for

SPEC = InputSpec((0.5, 0.5, 0.5), (0.5, 0.5, 0.5), "bicubic", 1.0, 32)
IMAGES = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def ends(name: str, size: int) -> list[str]:
    """Return the modules that a network's stages end with, one for each."""
    backbone = networks.build(name, size)
    found = stage_ends(backbone, size)
    assert list(found) == list(range(len(backbone.stages)))
    return list(found.values())


def test_stages_of_a_resnet_end_with_its_blocks() -> None:
    """And the stem with its normalisation, the last that has parameters."""
    assert ends("test_resnet", 32) == ["bn1", "layer1", "layer2", "layer3", "layer4"]


def test_stages_of_a_vit_end_with_its_blocks() -> None:
    """The embedding with its patches; the last with the norm that is its own."""
    found = ends("test_vit", 32)
    assert found[0].startswith("patch_embed")
    assert found[1:-1] == [f"blocks.{number}" for number in range(len(found) - 2)]
    assert "norm" in found[-1]


def test_stages_of_a_recurrent_network_are_its_layers() -> None:
    """Each gives the states of all rows of the image; the last one's mean is the features."""
    assert ends("sequence:lstm", 32) == ["layers.0", "layers.1"]
    backbone = networks.build("sequence:lstm", 32)
    with torch.no_grad():
        torch.testing.assert_close(stage_features(backbone, [-1], 32).module(IMAGES), backbone.network(IMAGES))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("torchvision:resnet18", 64),
        ("torchvision:mobilenet_v2", 64),
        ("torchvision:vgg11", 64),
        ("torchvision:swin_t", 64),
        ("torchvision:convnext_tiny", 64),
        ("torchvision:densenet121", 64),
        ("mobilenetv2_100", 64),
        ("convnext_atto", 64),
        ("densenet121", 64),
        ("vgg11", 64),
        ("vit_tiny_patch16_224", 64),
    ],
)
def test_each_stage_of_each_family_gives_rows(name: str, size: int) -> None:
    """Finite, not all alike."""
    backbone = networks.build(name, size)
    features = stage_features(backbone, range(len(ends(name, size))), size)
    backbone.network.eval()
    with torch.no_grad():
        rows = features.module(torch.randn(2, 3, size, size))
    assert rows.ndim == 2
    assert torch.isfinite(rows).all()
    assert rows.std(0).gt(0).any()


@pytest.mark.parametrize("name", ["test_resnet", "test_vit"])
def test_features_are_the_pooled_outputs_in_the_order_asked_for(name: str) -> None:
    """One forward pass of the network itself; no hook is left behind."""
    backbone = networks.build(name, 32)
    network = backbone.network.eval()
    part = stage_features(backbone, [-1, 1], 32)
    known = stage_ends(backbone, 32)
    last = len(backbone.stages) - 1
    with torch.no_grad(), outputs_of(network, [known[1], known[last]]) as outputs:
        network(IMAGES)
    expected = torch.cat([pooled(outputs[known[last]]), pooled(outputs[known[1]])], 1)
    with torch.no_grad():
        assert torch.equal(part.module(IMAGES), expected)
    assert part.name == f"features of stages {last}, 1"
    assert not any(module._forward_hooks for module in network.modules())


def test_last_stage_of_a_resnet_gives_its_features() -> None:
    """The mean over positions is what the network itself takes."""
    backbone = networks.build("test_resnet", 32)
    network = backbone.network.eval()
    with torch.no_grad():
        torch.testing.assert_close(stage_features(backbone, [-1], 32).module(IMAGES), network(IMAGES))


def test_parts_of_other_stages_are_told_apart() -> None:
    """By name and by definition; both count from the stem."""
    backbone = networks.build("test_resnet", 32)
    parts = [stage_features(backbone, layers, 32) for layers in ([2], [-3], [2, 3], [3, 2])]
    assert [part.name for part in parts] == [
        "features of stage 2",
        "features of stage 2",
        "features of stages 2, 3",
        "features of stages 3, 2",
    ]
    assert len({part.definition for part in parts}) == 3


def test_maps_are_pooled_wherever_their_channels_stand() -> None:
    """Tokens by their mean, rows as they are."""
    maps = torch.randn(2, 5, 4, 4)
    torch.testing.assert_close(pooled(maps.permute(0, 2, 3, 1)), pooled(maps))
    torch.testing.assert_close(pooled(maps.flatten(2).transpose(1, 2)), pooled(maps))
    assert torch.equal(pooled(maps[:, :, 0, 0]), maps[:, :, 0, 0])
    assert pooled(torch.randn(2, 7, 1, 1)).shape == (2, 7)


def test_modes_and_statistics_are_left_alone() -> None:
    """Though the network is run once to see what it calls."""
    backbone = networks.build("test_resnet", 32)
    backbone.network.train()
    backbone.network.get_submodule("layer2").eval()
    before = networks.hashes(backbone.network)
    stage_features(backbone, [1], 32)
    assert networks.hashes(backbone.network) == before
    assert backbone.network.training
    assert not backbone.network.get_submodule("layer2").training


class Loose(nn.Module):
    """One stage that is only a parameter, one that gives two tensors, one as it should be."""

    def __init__(self) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(3, 1, 1))
        self.rows = nn.LSTM(96, 8)
        self.last = nn.Linear(8, 5)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        sequence, _ = self.rows((images + self.shift).permute(2, 0, 1, 3).flatten(2))
        return self.last(sequence[-1])


@pytest.mark.parametrize(("layer", "said"), [(0, "shift"), (1, "rows"), (3, "-3 to 2"), (-4, "-3 to 2")])
def test_stage_without_maps_is_refused_by_name(layer: int, said: str) -> None:
    """What no module gives alone, what is no tensor, what is not there; others can still be had."""
    network = Loose()
    names = [name for name, _ in network.named_parameters()]
    stages = tuple(tuple(name for name in names if name.startswith(kind)) for kind in ("shift", "rows", "last"))
    backbone = Backbone(network, 5, stages, SPEC)
    assert stage_features(backbone, [2], 32).module(IMAGES).shape == (2, 5)
    with pytest.raises(InvalidData, match=said):
        stage_features(backbone, [layer], 32)


@pytest.mark.parametrize("backbone", ["test_resnet", "test_vit"])
@pytest.mark.parametrize(
    "method",
    [
        "name: linear_probe, layer: 2",
        "name: linear_probe, layer: [1, -1], views: 1",
        "name: linear_probe, layer: 1, solver: gradient",
        "name: ridge_probe, layer: [0, 1]",
        "name: knn, layer: 2",
        "name: prototype, layer: [1, 2]",
    ],
)
def test_whole_network_answers_as_the_head_on_cached_features(
    places: Places, tmp_path: Path, backbone: str, method: str
) -> None:
    """From images to the same logits."""
    made, task, _ = task_for(tmp_path, places, f"grid.method=[{{{method}}}]", f"grid.backbone={backbone}")
    fitted = made.fit(task)
    assert fitted.part is not None
    assert fitted.on_features
    assert "stage" in fitted.part.name
    head = loaded(fitted)
    cached = task.outputs(fitted.part, None)[:16]
    with torch.no_grad():
        torch.testing.assert_close(fitted.model.eval()(images_of(task, 16)), head(cached), rtol=1e-3, atol=1e-3)


def test_a_module_that_is_called_twice_ends_where_it_is_called_last() -> None:
    """Its last output is what the stage gives."""
    twice = nn.Linear(4, 4)
    network = nn.Sequential(OrderedDict(one=twice, two=nn.ReLU(), three=twice))
    with torch.no_grad(), outputs_of(network, ["one", "two"]) as outputs:
        answer = network(torch.randn(2, 4))
    assert list(outputs) == ["two", "one"]
    assert torch.equal(outputs["one"], answer)
