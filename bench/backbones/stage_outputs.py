"""Reads what the stages of a network give on the way to its features."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn

from bench.contracts.networks import Backbone, FrozenPart
from bench.errors import InvalidData


class StageOutputs(nn.Module):
    """A network whose features are outputs of some of its modules: images (B, 3, S, S) to (B, D).

    The outputs are pooled and stand side by side.
    """

    def __init__(self, network: nn.Module, ends: Sequence[str]) -> None:
        super().__init__()
        self.network = network
        self.ends = tuple(ends)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the features."""
        with outputs_of(self.network, self.ends) as outputs:
            self.network(images)
        return torch.cat([pooled(outputs[end]) for end in self.ends], 1)


@contextlib.contextmanager
def outputs_of(network: nn.Module, names: Sequence[str]) -> Iterator[dict[str, torch.Tensor]]:
    """Collect what the named modules return in the forward passes of the block; of each the latest output is kept."""
    outputs: dict[str, torch.Tensor] = {}

    def keep(name: str, module: nn.Module, output: Any) -> None:
        outputs.pop(name, None)  # so that they stand in the order in which they were last done
        recurrent = isinstance(module, nn.RNNBase) and module.batch_first
        outputs[name] = output[0] if recurrent else output  # the states of all steps, then the last one's

    with contextlib.ExitStack() as hooks:
        for name in names:
            module = network.get_submodule(name)
            hooks.enter_context(
                module.register_forward_hook(lambda module, _, output, name=name: keep(name, module, output))
            )
        yield outputs


def pooled(output: torch.Tensor) -> torch.Tensor:
    """Return the mean of maps (B, C, H, W) or (B, H, W, C) over positions, of (B, T, D) over tokens; rows as they are.

    Images are square, and so are maps: where all three sides are equal, channels come first.
    """
    if output.ndim == 2:
        return output
    if output.ndim == 3:
        return output.mean(1)
    channels_last = output.shape[1] == output.shape[2] != output.shape[3]
    return output.mean((1, 2) if channels_last else (2, 3))


def stage_ends(backbone: Backbone, side: int) -> dict[int, str]:
    """Return the module that each stage ends with, on images of so many pixels a side.

    Of the modules whose parameters all belong to the stage it is the one that is done last. Stages where that one gives
    neither maps nor tokens nor rows are left out.
    """
    own = _stage_modules(backbone)
    with outputs_of(backbone.network, list(own)) as outputs:
        _pass_blank_image(backbone.network, side)
    ends = {own[name]: name for name in outputs}
    return {number: ends[number] for number in sorted(ends) if can_be_pooled(outputs[ends[number]])}


def _stage_modules(backbone: Backbone) -> dict[str, int]:
    """Return the modules whose parameters all belong to one stage, with its number."""
    stage_of = {name: number for number, stage in enumerate(backbone.stages) for name in stage}
    own: dict[str, int] = {}
    for prefix, module in backbone.network.named_modules():
        stages = {stage_of[f"{prefix}.{name}"] for name, _ in module.named_parameters()} if prefix else set()
        if len(stages) == 1:
            own[prefix] = stages.pop()
    return own


def can_be_pooled(output: object) -> bool:
    """Say whether an output is a tensor of square maps, of tokens or of rows."""
    if not isinstance(output, torch.Tensor):
        return False
    square = output.ndim == 4 and output.shape[2] in (output.shape[1], output.shape[3])
    return output.ndim in (2, 3) or square


def _pass_blank_image(network: nn.Module, side: int) -> None:
    """Run a forward pass in `eval()`, after which each module is in the mode that it was in."""
    device = next(network.parameters()).device
    modes = {module: module.training for module in network.modules()}
    network.eval()
    with torch.no_grad():
        network(torch.zeros(1, 3, side, side, device=device))
    for module, mode in modes.items():
        module.training = mode


def stage_features(backbone: Backbone, layers: Sequence[int], side: int) -> FrozenPart:
    """Return the features of some stages, counted from 0 or back from -1, side by side; raise `InvalidData`."""
    numbers = [_stage_number(layer, len(backbone.stages)) for layer in layers]
    known = stage_ends(backbone, side)
    lacking = next((number for number in numbers if number not in known), None)
    if lacking is not None:
        first = backbone.stages[lacking][0]
        raise InvalidData(f"layer {lacking} ({first}, ...): no module gives its maps or tokens; name another stage")
    ends = [known[number] for number in numbers]
    stages = f"stage{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
    return FrozenPart(f"features of {stages}", StageOutputs(backbone.network, ends), ", ".join(ends))


def _stage_number(layer: int, count: int) -> int:
    if not -count <= layer < count:
        raise InvalidData(f"layer {layer} of a backbone with {count} stages; write {-count} to {count - 1}")
    return layer % count
