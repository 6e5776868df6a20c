"""What methods share that learn from a labelled source domain: batches and losses of both domains, one loop.

Images per second count the source's images alone: a step takes as many of the target along.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from bench.contracts.training import Fitted, SourceDomain, Task
from bench.data.batches import ImageBatches, Index, fetch
from bench.data.splits import part_budget
from bench.errors import InvalidData
from bench.learning.recipe import batches, loss_of
from bench.learning.training import Objective, Step
from bench.methods.descriptions import Aligning, Pair, Tuning, every_parameter
from bench.methods.gradient import fit_backbone

ON_SOURCE = "held-out source images"


def fit_from_source(task: Task, aligning: Aligning | None = None) -> Fitted:
    """Train backbone and head on the labelled source, on the target's labels where there are any, and align both.

    Each step sees a batch of the source, one of the target's labels, and where something aligns one of all training
    images of the target, labels unread. They pass the network together, so that normalisation learns the statistics of
    what it will see, and those of no domain alone. Checkpoints are chosen on the target's validation labels, or where
    there are none on held-out source images.
    """
    both = Domains.of(task)
    tuning = Tuning(every_parameter(task), inputs=both)
    if aligning is not None or len(task.fit_index):
        # the objective passes both domains through the network itself, past what was compiled
        if task.training.compile != "none":
            raise InvalidData(f"compile: {task.training.compile}: not with batches of two domains; write compile: none")
        tuning = dataclasses.replace(
            tuning,
            objective=lambda model: _objective(task, both, model, aligning),
            critic=aligning.critic if aligning else None,
        )
    derived = both.numbered(task)
    fitted = fit_backbone(derived, tuning)
    if len(task.val_index) or not len(derived.val_index):
        return fitted
    # no label of the target has chosen: the record says what has
    return dataclasses.replace(fitted, selection=f"{fitted.selection} ({ON_SOURCE})")


def domain_of(task: Task) -> SourceDomain:
    """Return the task's source."""
    assert task.source is not None, "the method says that it uses a source"
    return task.source


def parted_source(task: Task) -> tuple[Index, Index]:
    """Return the source images to learn from, and those to validate on: none where the target's labels can do that."""
    labels = domain_of(task).labels
    everything = np.arange(len(labels))
    if len(task.val_index):
        return everything, everything[:0]
    split = part_budget(everything, labels, task.n_classes, task.seed_of("source validation"))
    return split.fit, split.val


@dataclass(frozen=True)
class Domains:
    """Images of both domains under one numbering, the source's first; a batch is of one domain."""

    source: ImageBatches
    target: ImageBatches
    behind: int
    """The number of the target's first image."""

    @classmethod
    def of(cls, task: Task) -> "Domains":
        """Read the images of a task's domains, augmented as the task says."""

        def read(images: "np.typing.NDArray[np.uint8]") -> ImageBatches:
            everything = np.arange(len(images))
            return ImageBatches(images, task.backbone.input, task.device, task.training.augmentation, everything)

        source = domain_of(task)
        return cls(read(source.images), read(task.images), len(source.labels))

    def numbered(self, task: Task) -> Task:
        """Return the task of learning the source by this numbering."""
        source = domain_of(task)
        fit, val = parted_source(task)
        return dataclasses.replace(
            task,
            images=source.images,
            labels=np.concatenate([source.labels, task.labels]),
            fit_index=fit,
            val_index=self.behind + task.val_index if len(task.val_index) else val,
        )

    def read(self, index: Index, generator: torch.Generator | None) -> torch.Tensor:
        """Return a batch of one domain as it lies in memory."""
        if index[0] < self.behind:
            return self.source.read(index, generator)
        return self.target.read(index - self.behind, generator)

    def place(self, batch: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
        """Return the batch on the device."""
        return self.source.place(batch, generator)


def _objective(task: Task, both: Domains, model: nn.Sequential, aligning: Aligning | None) -> Objective:
    labelled = _order(task, task.fit_index, "target labels") if len(task.fit_index) else None
    unlabelled = _order(task, np.arange(len(task.images)), "target images") if aligning else None

    def loss(step: Step) -> torch.Tensor:
        index = [next(order) if order else np.empty(0, np.int64) for order in (labelled, unlabelled)]
        drawn = [fetch(both.target, each, step.generator) for each in index if len(each)]
        sizes = [len(step.batch), *(len(each) for each in index)]
        features = model.get_submodule("backbone")(torch.cat([step.batch, *drawn]))
        logits = model.get_submodule("head")(features)
        of_source, of_labels, of_target = logits.split(sizes)
        total = loss_of(task.training, of_source, step.targets)
        if labelled is not None:
            truth = torch.from_numpy(task.labels[index[0]]).to(task.device)
            total = total + loss_of(task.training, of_labels, functional.one_hot(truth, task.n_classes).float())
        if aligning is not None:
            source_features, _, target_features = features.split(sizes)
            # sums over a batch lose too much in bfloat16
            with torch.autocast(task.device.partition(":")[0], enabled=False):
                pair = Pair(
                    source_features.float(), target_features.float(), of_source.float(), of_target.float(), step.done
                )
                total = total + aligning.loss(pair)
        return total

    return loss


def _order(task: Task, index: Index, use: str) -> Iterator[Index]:
    return batches(index, task.training.batch_size, task.seed_of(use))
