"""What the gradient-trained methods share: a head on the backbone or on its features, and the loop around it."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from bench.backbones.boundary import Parted, part_frozen
from bench.backbones.building import blank_linear, frozen_names, train_only
from bench.backbones.stage_outputs import outputs_of, stage_features
from bench.contracts.networks import FrozenPart
from bench.contracts.training import Fitted, Inputs, Task
from bench.data.batches import ImageBatches, Index, OutputRows
from bench.learning.recipe import total_steps
from bench.learning.training import Loop, Objective, Step, Trained, classify
from bench.machine.devices import autocast, few_threads
from bench.methods.descriptions import Layer, Layers, Penalty, Sharing, Tuning

PREFIX = "backbone."
HEAD = frozenset({"head.weight", "head.bias"})
LARGEST_PART_BYTES = 4 * 2**30
"""Of a frozen part's outputs for all training images, by `auto`."""
WORTH_IMAGES = 4
"""By `auto` a data set may have so many times the images that the training sees: cells share what is computed."""


def fit_backbone(task: Task, tuning: Tuning) -> Fitted:
    """Train a linear head and what learns of the backbone.

    A zero head makes the first loss ln(classes) and sends no gradient into the backbone at the first step (BiT,
    Kolesnikov et al., 2020).
    """
    model = _model(task, tuning)
    # before the training: a step may let more of it learn, and a checkpoint keeps all that learns at any time
    frozen = frozen_names(model)
    parted = _shared_part(task, model, tuning.sharing)
    module: nn.Module = model
    if isinstance(parted, Parted):
        module = parted.rest
        inputs: Inputs = OutputRows(task.outputs(parted.part, None), task.device, _wanted(task))
    else:
        inputs = tuning.inputs or _images(task)
    groups = parameter_groups(task, model, tuning.rates)
    if tuning.critic is not None:
        # as fast as the head, which is new too
        groups.append({"params": list(tuning.critic.to(task.device).parameters()), "lr": groups[-1]["lr"]})
    trained = Loop(
        task,
        module,
        inputs,
        groups,
        lambda name: name not in frozen,
        _objective(task, model, tuning),
        _before_step(model, tuning),
        blank_start=tuning.head is None,
        start_counts=tuning.declinable,
        critic=tuning.critic,
    ).run()
    whole = _Whole(model, parted.part, None) if isinstance(parted, Parted) else _Whole(model, None, parted)
    return _fitted(module, whole, trained, kept_of(task, model, frozen))


def _model(task: Task, tuning: Tuning) -> nn.Sequential:
    """Return backbone and head on the device, with what learns in training mode and all else in `eval()`."""
    head = tuning.head or blank_head(task)
    model = nn.Sequential(OrderedDict(backbone=task.backbone.network, head=head)).to(task.device)
    # as images come, and as all of this program computes: other layouts would be other kernels, with other digits
    model = model.to(memory_format=torch.channels_last)
    train_only(model, {f"{PREFIX}{name}" for name in tuning.learning} | HEAD)
    for name in tuning.active:
        model.get_submodule(f"{PREFIX}{name}").train()
    if tuning.keep_statistics:
        # behind a head that was fitted on these statistics, others would be another start
        for part in model.modules():
            if isinstance(part, _BatchNorm):
                part.eval()
    return model


def _objective(task: Task, model: nn.Sequential, tuning: Tuning) -> Objective | None:
    """Return the loss of a step; null for the recipe's own, whose first value the audit knows."""
    if tuning.objective is not None:
        return tuning.objective(model)
    if tuning.penalty is not None:
        return penalised(task, model, tuning, tuning.penalty(model.get_submodule("backbone")))
    return None


def penalised(task: Task, model: nn.Sequential, tuning: Tuning, penalty: Penalty) -> Objective:
    """Return the recipe's loss with a penalty, and with the decay of the head where one is asked for."""
    plain = classify(task.training)
    head = list(model.get_submodule("head").parameters())

    def loss(step: Step) -> torch.Tensor:
        with outputs_of(model.get_submodule("backbone"), tuning.watched) as outputs:
            fitting = plain(step)
        total = fitting + penalty(step, outputs)
        return total if tuning.head_decay is None else total + tuning.head_decay * half_square(head)

    return loss


def _before_step(model: nn.Sequential, tuning: Tuning) -> Callable[[int, int], None] | None:
    """Return what lets more of the model learn on the way; null where nothing does."""
    unfreezing = tuning.unfreezing
    if unfreezing is None:
        return None

    def before(step: int, steps: int) -> None:
        names = unfreezing(step, steps)
        if names is not None:
            train_only(model, {f"{PREFIX}{name}" for name in names} | HEAD)

    return before


def half_square(tensors: Iterable[torch.Tensor]) -> torch.Tensor:
    """Return half the sum of squares of some tensors."""
    return torch.stack([tensor.float().square().sum() for tensor in tensors]).sum() / 2


def blank_head(task: Task, width: int | None = None) -> nn.Linear:
    """Return a head that knows nothing: zeros; on the backbone's own features where no width is given."""
    return blank_linear(width or task.backbone.width, task.n_classes)


def parameter_groups(task: Task, model: nn.Sequential, factors: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return the optimiser's groups: what learns of the backbone by its learning rate, then the head."""
    rate = task.training.learning_rate
    by_rate: dict[float, list[nn.Parameter]] = {}
    for name, parameter in model.get_submodule("backbone").named_parameters():
        if parameter.requires_grad:
            by_rate.setdefault(rate * factors.get(name, 1.0), []).append(parameter)
    groups: list[dict[str, Any]] = [{"params": found, "lr": each} for each, found in by_rate.items()]
    head = list(model.get_submodule("head").parameters())
    return [*groups, {"params": head, "lr": task.training.head_learning_rate or rate}]


def kept_of(task: Task, model: nn.Module, frozen: Collection[str]) -> frozenset[str]:
    """Return the names, as the backbone was built with them, of what is frozen in the model."""
    # by identity: an adapter has put the tensors that it is around under other names
    still = {id(tensor) for name, tensor in model.state_dict(keep_vars=True).items() if name in frozen}
    return frozenset(name for name, tensor in task.backbone.state.items() if id(tensor) in still)


def _wanted(task: Task) -> Index:
    return np.concatenate([task.fit_index, task.val_index])


def _images(task: Task) -> ImageBatches:
    return ImageBatches(task.images, task.backbone.input, task.device, task.training.augmentation, _wanted(task))


def _shared_part(task: Task, model: nn.Module, sharing: Sharing) -> Parted | str | None:
    """Return the model cut where its frozen part ends; why it is not; or null where nobody asked."""
    if sharing == "inline":
        return None
    training = task.training
    # one forward pass can stand for all steps only where each sees the same images
    if training.augmentation != "none" or training.mixup > 0:
        return "images are augmented before it"
    parted = part_frozen(model)
    if isinstance(parted, str) or sharing == "cached":
        return parted
    seen = total_steps(training, len(task.fit_index)) * min(training.batch_size, len(task.fit_index))
    if len(task.images) > WORTH_IMAGES * seen:
        return f"{len(task.images)} images are many for a training that sees {seen}"
    # what one image comes to, in the precision that the outputs are kept in
    side = task.images.shape[1]
    with torch.no_grad(), autocast(task.device, task.precision):
        one = parted.part.module(torch.zeros(1, 3, side, side, device=task.device))
    size = one.numel() * one.element_size() * len(task.images)
    if size > LARGEST_PART_BYTES:
        return f"its outputs would take {size / 2**30:.1f} GiB"
    return parted


def fit_head(task: Task, layers: Layers) -> Fitted:
    """Train a head on frozen features, standardised by the images that it learns from."""
    part = features_at(task, layers.layer)
    features = task.outputs(part, None)
    head = _head(task, features.shape[1], layers.hidden)
    mean = features[task.fit_index].mean(0)
    spread = features[task.fit_index].std(0, correction=0)
    module = nn.Sequential(OrderedDict(standardise=Standardise(mean, spread), head=head)).to(task.device)
    inputs: Inputs = OutputRows(features, task.device, _wanted(task))
    if layers.views:
        drawn = [task.outputs(part, (view_augmentation(task), number)) for number in range(layers.views)]
        inputs = ViewRows(inputs, [OutputRows(view, task.device, task.fit_index) for view in drawn])
    rate = task.training.head_learning_rate or task.training.learning_rate
    loop = Loop(task, module, inputs, [{"params": list(head.parameters()), "lr": rate}], lambda name: True)
    size = sum(parameter.numel() for parameter in head.parameters())
    # two operations for each parameter and image forwards, four backwards; between threads, barriers would cost more
    with few_threads(6.0 * size * task.training.batch_size):
        trained = loop.run()
    model = nn.Sequential(OrderedDict(backbone=part.module, head=module))
    return _fitted(module, _Whole(model, part, None), trained, frozenset(task.backbone.network.state_dict()))


def _head(task: Task, width: int, hidden: Sequence[int]) -> nn.Module:
    """Return hidden layers, random by the cell's seed, and an output layer of zeros; without any, that one alone."""
    if not hidden:
        return blank_head(task, width)
    torch.manual_seed(task.seed_of("init"))
    layers: list[nn.Module] = []
    for size in hidden:
        layers += [nn.Linear(width, size), nn.ReLU()]
        width = size
    return nn.Sequential(*layers, blank_head(task, width))


def features_at(task: Task, layer: Layer) -> FrozenPart:
    """Return the network's features, or those of one or more of its stages; raise `InvalidData`."""
    if layer is None:
        return task.whole
    layers = [layer] if isinstance(layer, int) else list(layer)
    return stage_features(task.backbone, layers, task.images.shape[1])


def view_augmentation(task: Task) -> str:
    """Return what the views of the images are made by: the cell's augmentation, the basic one where it has none."""
    return "basic" if task.training.augmentation == "none" else task.training.augmentation


@dataclass(frozen=True)
class ViewRows:
    """Rows of a random view in training, of the plain images otherwise."""

    plain: Inputs
    views: list[OutputRows]

    def read(self, index: Index, generator: torch.Generator | None) -> torch.Tensor:
        """Return the rows."""
        if generator is None:  # validation, which sees images as they are
            return self.plain.read(index, None)
        return self.views[int(torch.randint(len(self.views), (), generator=generator))].read(index, generator)

    def place(self, batch: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
        """Return the rows on the device."""
        return self.plain.place(batch, generator)


@dataclass(frozen=True)
class _Whole:
    """The adapted network, and what of it was computed once."""

    model: nn.Module
    part: FrozenPart | None
    reason: str | None
    """Why nothing was, where it could have been."""


def _fitted(module: nn.Module, whole: _Whole, trained: Trained, frozen: frozenset[str]) -> Fitted:
    return Fitted(
        module=module,
        states=trained.states,
        chosen=trained.chosen,
        model=whole.model,
        part=whole.part,
        part_reason=whole.reason,
        score=trained.scores[trained.chosen] if trained.scores else None,
        selection=trained.selection,
        choice={"step": trained.steps[trained.chosen], **({"path": trained.told} if trained.told else {})},
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
        # what is constant up to rounding, or zero behind a ReLU, would else be noise of unit size
        self.register_buffer("scale", torch.where(spread > 1e-6, spread, torch.ones_like(spread)))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return standardised features."""
        return (features - self.mean) / self.scale
