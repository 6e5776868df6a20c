"""What the sources of networks share: which part learns, what a checkpoint may hold, how stages are joined."""

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from bench.backbones.building import (
    blank_linear,
    frozen_names,
    input_width,
    load_strictly,
    merge_weightless,
    source_head,
    state_sha256,
    train_only,
)
from bench.contracts.networks import Backbone
from bench.errors import InvalidData
from tests.material import networks


def small() -> nn.Module:
    """Return a stem, two stages with normalisation and dropout, in training mode."""

    def stage(width: int) -> nn.Module:
        return nn.Sequential(
            OrderedDict(conv=nn.Conv2d(4, width, 3), norm=nn.BatchNorm2d(width), drop=nn.Dropout(), relu=nn.ReLU())
        )

    parts = OrderedDict(stem=nn.Conv2d(3, 4, 3), one=stage(4), two=stage(6), pool=nn.AdaptiveAvgPool2d(1))
    return nn.Sequential(OrderedDict(**parts, flat=nn.Flatten()))


NAMES = sorted(name for name, _ in small().named_parameters())


@given(chosen=st.sets(st.sampled_from(NAMES)))
@settings(deadline=None, max_examples=50)
def test_train_only_lets_exactly_the_named_parameters_learn(chosen: set[str]) -> None:
    """After a step the others have every bit; so has all that `frozen_names` lists, buffers too."""
    network = small()
    train_only(network, chosen)
    assert {name for name, parameter in network.named_parameters() if parameter.requires_grad} == chosen
    frozen = frozen_names(network)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    loss = network(torch.randn(4, 3, 12, 12)).square().mean()
    if chosen:
        loss.backward()
        learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
        torch.optim.AdamW(learning, lr=0.1, weight_decay=0.1).step()
    moved = {name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])}
    assert not moved & frozen
    assert frozen >= set(NAMES) - chosen


def test_normalisation_and_dropout_of_a_stage_that_learns_are_in_training_mode() -> None:
    """Those of a frozen stage are not; a mode of the whole is that of a frozen one."""
    network = small()
    train_only(network, {name for name in NAMES if name.startswith("two.")})
    modes = {name: module.training for name, module in network.named_modules()}
    assert {name for name, training in modes.items() if training} == {name for name in modes if name.startswith("two")}
    assert {"one.norm.running_mean", "one.norm.num_batches_tracked"} <= frozen_names(network)
    assert not {"two.norm.running_mean", "two.conv.weight"} & frozen_names(network)


def test_nothing_is_frozen_where_all_learns() -> None:
    """And everything where nothing does."""
    network = small()
    train_only(network, NAMES)
    assert frozen_names(network) == frozenset()
    train_only(network, [])
    assert frozen_names(network) == frozenset(network.state_dict())


def test_stages_without_a_matrix_are_joined_to_the_one_before() -> None:
    """A last norm is no stage of its own; a first one has nowhere to go."""
    network = small()
    norm = ("one.norm.weight", "one.norm.bias")
    stages = [("stem.weight", "stem.bias"), ("one.conv.weight", "one.conv.bias"), norm]
    assert merge_weightless(network, stages) == (stages[0], stages[1] + norm)
    assert merge_weightless(network, [norm, stages[0]]) == (norm, stages[0])


def test_width_is_found_without_moving_anything() -> None:
    """Neither the global generator, nor statistics, nor the mode."""
    network = small()
    before, state = torch.get_rng_state(), state_sha256(network.state_dict())
    assert input_width(network, 16) == 6
    assert torch.equal(torch.get_rng_state(), before)
    assert state_sha256(network.state_dict()) == state
    assert network.training


@pytest.mark.parametrize("network", [small(), nn.Conv2d(3, 4, 1)])
def test_size_that_gives_no_features_is_refused(network: nn.Module) -> None:
    """Too small, or a map in place of a vector."""
    with pytest.raises(InvalidData):
        input_width(network, 3)


def test_hash_of_a_state_sees_every_bit_and_name() -> None:
    """One bit, a name, the names asked for; not the order nor the layout in memory."""
    state = {"a": torch.arange(12.0).reshape(1, 3, 2, 2), "b": torch.zeros(2, dtype=torch.int64)}
    digest = state_sha256(state)
    assert state_sha256(dict(reversed(state.items()))) == digest
    assert state_sha256({**state, "a": state["a"].to(memory_format=torch.channels_last)}) == digest
    assert state_sha256({**state, "b": torch.tensor([0, 1])}) != digest
    assert state_sha256({"a": state["a"], "c": state["b"]}) != digest
    assert state_sha256({**state, "a": -state["a"]}, ["b"]) == state_sha256(state, ["b"])
    negative_zero = {"a": torch.tensor([-0.0])}
    assert state_sha256(negative_zero) != state_sha256({"a": torch.tensor([0.0])})


def written(folder: Path, state: Any, suffix: str = ".pth") -> Path:
    """Write a checkpoint."""
    file = folder / f"weights{suffix}"
    if suffix == ".safetensors":
        save_file(state, file)
    else:
        torch.save(state, file)
    return file


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_classifier_is_the_only_surplus_that_passes(tmp_path: Path, suffix: str) -> None:
    """The tensors come back; a stray one of a stage is refused by name."""
    source, target = small(), small()
    extra = {"fc.weight": torch.zeros(2, 6), "classifier.1.bias": torch.zeros(2), "AuxLogits.fc.bias": torch.zeros(2)}
    load_strictly(target, written(tmp_path, {**source.state_dict(), **extra}, suffix))
    assert state_sha256(target.state_dict()) == state_sha256(source.state_dict())
    stray = {**source.state_dict(), "one.conv2.weight": torch.zeros(1)}
    with pytest.raises(InvalidData, match=r"one\.conv2\.weight"):
        load_strictly(small(), written(tmp_path, stray, suffix))


def test_missing_tensor_is_refused(tmp_path: Path) -> None:
    """By name; a counter of batches, which old files lack, is not missed."""
    state = small().state_dict()
    del state["two.norm.num_batches_tracked"]
    load_strictly(small(), written(tmp_path, state))
    del state["two.norm.running_var"]
    with pytest.raises(InvalidData, match=r"two\.norm\.running_var"):
        load_strictly(small(), written(tmp_path, state))


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_truncated_file_is_refused(tmp_path: Path, suffix: str) -> None:
    """At any length."""
    file = written(tmp_path, small().state_dict(), suffix)
    contents = file.read_bytes()
    for length in (0, 4, len(contents) // 2, len(contents) - 1):
        file.write_bytes(contents[:length])
        with pytest.raises(InvalidData, match=file.name):
            load_strictly(small(), file)


@pytest.mark.parametrize("state", [{"one.conv.weight": torch.zeros(9)}, {}, [1, 2], "text", {"state_dict": 3}])
def test_file_that_is_no_checkpoint_is_refused(tmp_path: Path, state: Any) -> None:
    """Other shapes, nothing, other things."""
    with pytest.raises(InvalidData):
        load_strictly(small(), written(tmp_path, state))


class Dangerous:
    """What a pickle can do."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return Path.touch, (self.file,)


@pytest.mark.parametrize("plain", [True, False])
def test_code_in_a_pickle_is_not_run(tmp_path: Path, plain: bool) -> None:
    """The file is refused, and nothing has happened."""
    evil = {**small().state_dict(), "fc": Dangerous(tmp_path / "was_here")}
    file = tmp_path / "weights.pth"
    if plain:
        file.write_bytes(pickle.dumps(evil))
    else:
        torch.save(evil, file)
    with pytest.raises(InvalidData):
        load_strictly(small(), file)
    assert not (tmp_path / "was_here").exists()


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


def layer(name: str, classes: int = 3, width: int = 8, bias: bool = True) -> dict[str, torch.Tensor]:
    """Return the tensors of a linear layer."""
    found = {f"{name}.weight": torch.randn(classes, width)}
    return found | ({f"{name}.bias": torch.randn(classes)} if bias else {})


@pytest.mark.parametrize(
    ("surplus", "names"),
    [
        (layer("fc"), ()),
        (layer("head"), ()),
        (layer("head"), ("head.fc",)),
        (layer("head"), ("head", "head_dist")),
        (layer("classifier"), ("fc",)),
        (layer("head.fc"), ("head.fc",)),
        (layer("classifier.6"), ("classifier.6",)),
        (layer("last_linear"), ("last_linear",)),
        (layer("fc", classes=2), ("fc",)),
        (layer("fc") | layer("head.0", 8) | layer("head.2"), ("fc",)),
        (layer("fc") | layer("aux1.fc2", 5) | layer("AuxLogits.fc", 5), ("fc",)),
    ],
)
def test_a_single_linear_layer_in_the_classifiers_place_is_one(
    surplus: dict[str, torch.Tensor], names: tuple[str, ...]
) -> None:
    """Under the architecture's own name, or a plain one; auxiliary ones are passed over."""
    head, unused = source_head(surplus, 8, names)
    assert head is not None
    inputs = torch.randn(4, 8)
    name = next(key for key in surplus if key.endswith(".weight"))
    expected = inputs @ surplus[name].T + surplus[name.replace("weight", "bias")]
    torch.testing.assert_close(head(inputs), expected)
    assert set(unused) == {key for key in surplus if key.startswith("head.") and "fc.weight" in surplus}


def test_a_convolution_of_one_pixel_is_linear() -> None:
    """One of more pixels is not, whatever its size comes to."""
    weight, bias = torch.randn(3, 8), torch.randn(3)
    head, _ = source_head({"head.weight": weight.reshape(3, 8, 1, 1), "head.bias": bias}, 8)
    assert head is not None
    assert torch.equal(head.weight, weight)
    assert source_head({"head.weight": weight.reshape(3, 2, 2, 2), "head.bias": bias}, 8)[0] is None


NO_CLASSIFIER: dict[str, dict[str, torch.Tensor]] = {
    "nothing": {},
    "a projection of two layers": layer("fc.0", 8) | layer("fc.2"),
    "one with normalisation": layer("head.0", 8) | {"head.1.weight": torch.ones(8)} | layer("head.3"),
    "a head called mlp": layer("head.mlp.0", 8) | layer("head.mlp.2"),
    "a first layer only": layer("fc.0"),
    "a projector": layer("projector.0"),
    "a linear projection without bias": layer("fc", 128, bias=False),
    "a projection beside its queue": layer("fc", 128) | {"queue": torch.zeros(128, 9), "queue_ptr": torch.zeros(1)},
    "one beside the encoder of momentum": layer("fc", 128) | layer("encoder_k.fc", 128),
    "one beside a predictor": layer("fc", 128) | layer("predictor", 128, 128),
    "a layer after normalisation": layer("head.linear") | {"head.bn.weight": torch.ones(8)},
    "another width": layer("fc", width=6),
    "one class": layer("fc", classes=1),
    "a bias of another length": {"fc.weight": torch.randn(3, 8), "fc.bias": torch.zeros(1)},
    "a vector": {"fc.weight": torch.randn(8), "fc.bias": torch.zeros(8)},
    "a number": {"fc.weight": torch.tensor(1.0), "fc.bias": torch.tensor(1.0)},
    "a name of nobody": layer("other"),
}


@pytest.mark.parametrize("names", [(), ("fc",), ("head", "head_dist"), ("head.linear", "head_dist.linear")])
@pytest.mark.parametrize("kind", NO_CLASSIFIER)
def test_what_is_no_classifier_is_none_and_all_of_it_is_named(kind: str, names: tuple[str, ...]) -> None:
    """Whatever the architecture calls its own."""
    surplus = NO_CLASSIFIER[kind]
    assert source_head(surplus, 8, names) == (None, tuple(sorted(surplus)))


def test_of_two_layers_the_one_in_the_architectures_own_place_is_the_classifier() -> None:
    """Without such a place nobody can tell; heads that an architecture averages are no single one."""
    two = layer("fc") | layer("head")
    head, unused = source_head(two, 8, ("head",))
    assert head is not None
    assert torch.equal(head.weight, two["head.weight"])
    assert unused == ("fc.bias", "fc.weight")
    assert source_head(two, 8)[0] is None
    assert source_head(layer("head") | layer("head_dist"), 8, ("head", "head_dist"))[0] is None


PARTS = ("fc", "head", "classifier", "0", "2", "mlp", "queue", "projector", "linear", "bn")
KEYS = st.lists(st.sampled_from(PARTS), min_size=1, max_size=3).map(".".join)
SHAPES = st.lists(st.sampled_from([1, 2, 8]), max_size=4)


@given(layers=st.dictionaries(KEYS, st.tuples(SHAPES, SHAPES, st.booleans()), max_size=4))
@settings(deadline=None, max_examples=300)
def test_whatever_a_file_holds_beside_the_network_is_taken_or_named(layers: dict[str, Any]) -> None:
    """A layer that is taken is alone in its place, and answers for features of the width asked for."""
    surplus = {f"{key}.weight": torch.zeros(shape) for key, (shape, _, _) in layers.items()}
    surplus |= {f"{key}.bias": torch.zeros(shape) for key, (_, shape, with_bias) in layers.items() if with_bias}
    head, unused = source_head(surplus, 8, ("head.fc",))
    assert len(unused) == len(surplus) - (0 if head is None else 2)
    if head is not None:
        assert head(torch.zeros(1, 8)).shape[1] >= 2
        assert not any("queue" in key or "projector" in key for key in surplus)


@pytest.mark.parametrize("name", ["levit_128s", "shvit_s1", "volo_d1_224", "deit_tiny_distilled_patch16_224"])
def test_classifiers_of_several_layers_are_none(name: str, tmp_path: Path) -> None:
    """One of their layers would answer otherwise than the network that was published."""
    whole = timm.create_model(name, num_classes=7)
    file = tmp_path / "weights.safetensors"
    save_file({key: tensor.contiguous() for key, tensor in whole.state_dict().items()}, file)
    backbone = networks.build(name, 224, file)
    assert backbone.source_head is None
    assert {key.split(".")[0] for key in backbone.unused} <= {"head", "head_dist"}


def test_what_a_file_holds_beside_network_and_classifier_is_named(tmp_path: Path) -> None:
    """Nothing of a published file; what was trained along of another."""
    torch.manual_seed(3)
    state = timm.create_model("test_resnet", num_classes=7).state_dict()
    backbone = networks.build("test_resnet", 32, written(tmp_path, state))
    assert (backbone.source_head is None, backbone.unused) == (False, ())
    backbone = networks.build("test_resnet", 32, written(tmp_path, {**state, "other.x": torch.zeros(1)}))
    assert (backbone.source_head is None, backbone.unused) == (False, ("other.x",))
    backbone = networks.build("test_resnet", 32, written(tmp_path, {**state, "queue": torch.zeros(1)}))
    assert (backbone.source_head, backbone.unused) == (None, ("fc.bias", "fc.weight", "queue"))
    assert networks.build("test_resnet", 32).unused == ()


def test_blank_layer_leaves_the_global_generator_alone() -> None:
    """So that a head in the file moves no other random number."""
    state = torch.get_rng_state()
    assert not blank_linear(4, 3).weight.any()
    assert torch.equal(torch.get_rng_state(), state)
