"""Visual prompts: how many tokens each block sees, where they come from and where they go."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from bench.contracts.data import Places
from bench.errors import InvalidData
from bench.methods.adapters.prompts import Prompted, Prompts, _bound
from tests.material.adapted import fit, prepare, start

SHALLOW, DEEP = "{name: visual_prompt, tokens: 7, deep: false}", "{name: visual_prompt, tokens: 7}"
TOKENS = 1 + 2 * 2
"""Of a class and of an image of 32 pixels in patches of 16."""


@pytest.mark.parametrize(("method", "places_of_prompts"), [(SHALLOW, 1), (DEEP, None)], ids=["shallow", "deep"])
def test_prompts_alone_learn(places: Places, tmp_path: Path, method: str, places_of_prompts: int | None) -> None:
    """So many tokens of the network's width, before the first block or before each."""
    fitted, backbone, moved = fit(tmp_path, places, "test_vit", method)
    depth = len(backbone.network.get_submodule("blocks"))  # type: ignore[arg-type]
    expected = (places_of_prompts or depth) * 7 * backbone.width
    assert fitted.trainable_params == expected + 10 * backbone.width + 10
    assert fitted.checkpoint_bytes == 4 * fitted.trainable_params
    assert moved == set()
    assert fitted.frozen == set(backbone.state)


@pytest.mark.parametrize("method", [SHALLOW, DEEP], ids=["shallow", "deep"])
def test_each_block_sees_the_tokens_and_the_prompts(places: Places, tmp_path: Path, method: str) -> None:
    """What comes behind the last block has none of the prompts."""
    _, backbone, _ = fit(tmp_path, places, "test_vit", method, "train.steps=1")
    seen: list[int] = []
    blocks: Any = backbone.network.get_submodule("blocks")
    for block in blocks:
        block.base.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].shape[1]))
    last: list[int] = []
    blocks[-1].register_forward_hook(lambda module, inputs, output: last.append(output.shape[1]))
    backbone.network.eval()(torch.zeros(1, 3, 32, 32))
    assert seen == [TOKENS + 7] * len(blocks)
    assert last == [TOKENS]


@pytest.mark.parametrize("method", [SHALLOW, DEEP], ids=["shallow", "deep"])
def test_prompts_are_heard_from_the_start(places: Places, tmp_path: Path, method: str) -> None:
    """Unlike adapters they do not start as nothing."""
    plain, prompted = start(tmp_path, places, "test_vit", method)
    assert not torch.allclose(plain, prompted, atol=1e-4)


def test_deep_prompts_of_a_block_end_with_it() -> None:
    """They reach the tokens through the block alone, and are gone behind it."""

    class Mixes(nn.Module):
        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return tokens + tokens.mean(1, keepdim=True)

    prompts = Prompts(2, 3, 1.0, 0.0)
    tokens = torch.randn(4, 5, 3)
    found = Prompted(Mixes(), prompts, 2)(tokens)
    mean = (tokens.sum(1) + prompts.tokens.sum(1)) / 7
    torch.testing.assert_close(found, tokens + mean[:, None])


def test_prompts_start_as_widely_as_a_patch_is_large(places: Places, tmp_path: Path) -> None:
    """Uniform within the square root of 6 over the sum of a patch's values and the width."""
    _, task = prepare(tmp_path, places, "test_vit", DEEP)
    bound = _bound(task.backbone.network, task.backbone.width)
    assert bound == pytest.approx((6 / (3 * 16 * 16 + task.backbone.width)) ** 0.5)
    drawn = Prompts(100, 64, bound, 0.0).tokens
    assert drawn.abs().max() <= bound
    assert float(drawn.detach().std()) == pytest.approx(bound / 3**0.5, rel=0.05)


def test_dropout_of_prompts_works_in_training_alone(places: Places, tmp_path: Path) -> None:
    """The module that holds them is in training mode, the network around it is not."""
    _, backbone, _ = fit(tmp_path, places, "test_vit", "{name: visual_prompt, dropout: 0.5}", "train.steps=1")
    prompts = [module for module in backbone.network.modules() if isinstance(module, Prompts)]
    assert prompts
    assert all(each.dropout.training for each in prompts)
    assert not any(module.training for module in backbone.network.modules() if isinstance(module, nn.LayerNorm))


def test_a_network_without_such_blocks_is_refused(places: Places, tmp_path: Path) -> None:
    """With the names of those that have them."""
    made, task = prepare(tmp_path, places, "test_resnet", DEEP)
    with pytest.raises(InvalidData, match=r"visual_prompt: a ResNet has no blocks .* take timm's VisionTransformer"):
        made.fit(task)
