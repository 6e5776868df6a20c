"""What the gradient-trained methods share: a head on the backbone or on its features, and the loop around it."""

from collections import OrderedDict
from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from bench.backbones.building import frozen_names, train_only
from bench.contracts import Fitted, Task
from bench.training import Loop, Trained, image_inputs

PREFIX = "backbone."


def fit_backbone(task: Task, learning: Collection[str]) -> Fitted:
    """Train a zero-initialised linear head and the named backbone parameters.

    A zero head makes the first loss ln(classes) and sends no gradient into the backbone at the first step (BiT,
    Kolesnikov et al., 2020).
    """
    network = task.backbone.network
    head = nn.Linear(task.backbone.width, task.n_classes)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    model = nn.Sequential(OrderedDict(backbone=network, head=head)).to(task.device)
    model = model.to(memory_format=torch.channels_last)
    train_only(model, {f"{PREFIX}{name}" for name in learning} | {"head.weight", "head.bias"})
    frozen = frozen_names(model)
    rate = task.training.learning_rate
    backbone_parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    groups = [
        {"params": backbone_parameters, "lr": rate},
        {"params": list(head.parameters()), "lr": task.training.head_learning_rate or rate},
    ]
    trained = Loop(
        task, model, image_inputs(task), [group for group in groups if group["params"]], lambda name: name not in frozen
    ).run()
    kept = frozenset(name.removeprefix(PREFIX) for name in frozen)
    return _fitted(model, trained, kept, on_features=False)


def fit_head(task: Task, head: nn.Module) -> Fitted:
    """Train a head on frozen features, standardised by the images that it learns from."""
    features = task.features()
    mean = features[task.fit_index].mean(0)
    spread = features[task.fit_index].std(0, correction=0)
    module = nn.Sequential(OrderedDict(standardise=Standardise(mean, spread), head=head)).to(task.device)
    features = features.to(task.device)

    def fetch(index: npt.NDArray[np.int64], _: torch.Generator | None) -> torch.Tensor:
        return features[torch.from_numpy(index).to(task.device)]

    rate = task.training.head_learning_rate or task.training.learning_rate
    trained = Loop(task, module, fetch, [{"params": list(head.parameters()), "lr": rate}], lambda name: True).run()
    return _fitted(module, trained, frozenset(task.backbone.network.state_dict()), on_features=True)


def _fitted(module: nn.Module, trained: Trained, frozen: frozenset[str], on_features: bool) -> Fitted:
    return Fitted(
        module=module,
        states=trained.states,
        chosen=trained.chosen,
        on_features=on_features,
        val_accuracy=trained.val_accuracies[trained.chosen] if trained.val_accuracies else None,
        selection=trained.selection,
        choice={"step": trained.steps[trained.chosen]},
        frozen=frozen,
        trainable_params=sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad),
        checkpoint_bytes=trained.checkpoint_bytes,
        trace=trained.trace,
    )


class Standardise(nn.Module):
    """Features (B, D) with zero mean and unit variance; a feature that never varies is only centred."""

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, mean: torch.Tensor, spread: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", torch.where(spread > 1e-6, spread, torch.ones_like(spread)))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return standardised features."""
        return (features - self.mean) / self.scale
