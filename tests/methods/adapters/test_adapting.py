"""What learns beside the adapters, and what is refused."""

import dataclasses
from collections import OrderedDict
from pathlib import Path
from typing import get_args

import pytest
import torch
from torch import nn

from bench.contracts.data import Places
from bench.errors import InvalidData
from bench.methods.adapters.adapting import ADDS, is_norm, norm_parameters
from bench.methods.descriptions import Adding
from tests.material.adapted import features, fit, norms, prepare

pytest.importorskip("peft")


BACKBONES = ("test_vit", "test_resnet")


@pytest.mark.parametrize("backbone", BACKBONES)
def test_normalisation_adapts_where_it_is_asked_for(places: Places, tmp_path: Path, backbone: str) -> None:
    """Its weights, biases and statistics, and nothing else of the backbone."""
    fitted, built, moved = fit(tmp_path, places, backbone, "{name: lora, norm: adapt}")
    expected = {
        name for name in built.state if name.rpartition(".")[0] in {n.rpartition(".")[0] for n in norms(built.network)}
    }
    assert moved == expected
    assert fitted.frozen == set(built.state) - expected


def test_an_untrained_residual_network_is_refused(places: Places, tmp_path: Path) -> None:
    """Its branches end in zeros: no adapter in them would learn. With `norm: adapt` they open."""
    made, task = prepare(tmp_path, places, "test_resnet", "lora")
    nn.init.zeros_(task.backbone.network.get_submodule("layer1.0.bn2").weight)  # type: ignore[arg-type]
    with pytest.raises(InvalidData, match=r"lora: the weights of layer1\.0\.bn2 are all zero.*norm: adapt"):
        made.fit(task)


@pytest.mark.parametrize("method", ["lora", "dora"])
def test_dropout_works_in_training_alone(places: Places, tmp_path: Path, method: str) -> None:
    """It changes what is learnt, though the network around it is in `eval()`; a fitted network answers alike twice."""
    states = {}
    for rate in (0.0, 0.5):
        fitted, built, _ = fit(tmp_path, places, "test_vit", f"{{name: {method}, dropout: {rate}}}")
        states[rate] = fitted.states[-1]
        assert torch.equal(features(built.network), features(built.network))
    name = next(name for name in states[0.0] if "lora_B" in name)
    assert not torch.equal(states[0.0][name], states[0.5][name])


def test_every_description_of_an_addition_has_a_function_that_adds_it() -> None:
    """None that nobody describes."""
    (hint,) = (field.type for field in dataclasses.fields(Adding) if field.name == "what")
    assert set(ADDS) == set(get_args(hint))


def test_normalisation_is_known_by_the_name_of_its_class() -> None:
    """Whichever library it is of, and whatever derives from it; an activation is none."""

    class Own(nn.LayerNorm):
        pass

    assert all(is_norm(module) for module in (nn.BatchNorm2d(1), nn.GroupNorm(1, 1), nn.RMSNorm(1), Own(1)))
    assert not any(is_norm(module) for module in (nn.ReLU(), nn.Linear(1, 1)))
    network = nn.Sequential(OrderedDict(linear=nn.Linear(2, 2), norm=Own(2)))
    assert norm_parameters(network) == ["norm.weight", "norm.bias"]
